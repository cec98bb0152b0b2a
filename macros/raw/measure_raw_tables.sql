{#- dbt run-operation measure_raw_tables: one line of JSON for each entity that is a table of the engine, with its rows and
    the first and last date of its first timestamp up to `today`. The same as orchestration/raw.py does for files. -#}
{% macro measure_raw_tables(today) %}
    {% do create_raw_entities() %}
    {% for entity in graph.sources.values() if entity.source_name == 'raw' and entity.name in raw_tables() %}
        {% set timestamps = entity.columns.values() | selectattr('data_type', 'equalto', 'timestamp') | map(attribute='name') | list %}
        {% if timestamps %}
            {% set text = 'try_cast(substr(' ~ clean_text(timestamps[0]) ~ ', 1, 10) as date)' %}
            {% set day = 'coalesce(cast(' ~ timestamps[0] ~ '_typed as date), ' ~ text ~ ')' %}
        {% else %}
            {% set day = 'cast(null as date)' %}
        {% endif %}
        {% set found = run_query(
            'select count(*), min(day), max(day) from (select case when day <= cast(' ~ text_literal(today) ~ ' as date) then day end '
            ~ 'as day from (select ' ~ day ~ ' as day from raw.' ~ entity.name ~ ') as days) as past_days'
        ).rows[0] %}
        {% do print(tojson({
            'entity': entity.name, 'rows': found[0] | int, 'first_date': found[1] | string if found[1] else none,
            'last_date': found[2] | string if found[2] else none,
        })) %}
    {% endfor %}
{% endmacro %}
