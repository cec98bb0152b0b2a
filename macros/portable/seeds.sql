{#- dbt calls this to fill a seed. In a session the macro of dbt-spark fails at an apostrophe and writes an
    empty cell as the text None. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% set types = model['config'].get('column_types', {}) %}
    {% set statements = [] %}
    {% for some_rows in agate_table.rows | batch(1000) %}
        {% set tuples = [] %}
        {% for row in some_rows %}
            {% set values = [] %}
            {% for column in agate_table.column_names %}
                {% set type = types.get(column, adapter.convert_type(agate_table, loop.index0)) %}
                {% set value = 'null' if row[column] is none else text_literal(row[column]) %}
                {% do values.append('cast(' ~ value ~ ' as ' ~ type ~ ')') %}
            {% endfor %}
            {% do tuples.append('(' ~ values | join(', ') ~ ')') %}
        {% endfor %}
        {% do statements.append('insert into ' ~ this ~ ' values\n' ~ tuples | join(',\n')) %}
        {% do adapter.add_query(statements[-1], abridge_sql_log=true) %}
    {% endfor %}
    {{ return(statements | first) }}
{% endmacro %}
