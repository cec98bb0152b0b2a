{#- The rules of a model, from its YAML: of a column under `meta.rules`, the key of several columns under `meta.key`. -#}

{#- What the YAML says of the model or seed that a relation is of. -#}
{% macro node_of(relation) %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] %}
        {% if node.schema == relation.schema and node.alias == relation.identifier %}
            {{ return(node) }}
        {% endif %}
    {% endfor %}
    {% do exceptions.raise_compiler_error('there is no model of ' ~ relation) %}
{% endmacro %}


{#- SQL of all broken rules of a model. One scan counts the rows that break a rule; each key is a query of its own. -#}
{% macro broken_rules(relation, node) %}
    {%- set rules = row_rules(node) -%}
    {%- set keys = key_rules(node) -%}
    {%- if not rules and not keys -%}
        {% do exceptions.raise_compiler_error(node.name ~ ' has no rules: take the test keeps_its_rules away, or give it some') %}
    {%- endif -%}
    with
    {%- if rules %}
    counts as (
        select
            {%- for rule in rules %}
            count(case when {{ rule.broken }} then 1 end) as rule_{{ loop.index }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    ),
    rules as (
        {%- for rule in rules %}
        select {{ loop.index }} as number, {{ text_literal(rule.words) }} as rule{{ ' union all' if not loop.last }}
        {%- endfor %}
    ),
    {%- endif %}
    found as (
        {%- if rules %}
        select
            rules.number,
            rules.rule,
            case rules.number
                {%- for rule in rules %}
                when {{ loop.index }} then counts.rule_{{ loop.index }}
                {%- endfor %}
            end as broken
        from counts
        cross join rules
        {%- endif %}
        {%- for key in keys %}
        {{ 'union all' if rules or not loop.first }}
        select {{ rules | length + loop.index }} as number, {{ text_literal(key.words) }} as rule, count(*) as broken
        from (
            select {{ key.columns }} from {{ relation }}
            {{ 'where ' ~ key.when if key.when }}
            group by {{ key.columns }}
            having count(*) > 1
        ) as repeated_{{ loop.index }}
        {%- endfor %}
    )
    select rule, broken from found where broken > 0 order by number
{% endmacro %}


{#- The rules that each row keeps or breaks: a condition that holds for a row that breaks it, and the rule in words. -#}
{% macro row_rules(node) %}
    {% set found = [] %}
    {% for column in node.columns.values() %}
        {% for group in rule_groups(node, column) %}
            {% set when = group.get('when') %}
            {% for word, limit in group.items() if word not in ['when', 'unique'] %}
                {% if word == 'not_null' %}
                    {% set broken, words = column.name ~ ' is null', column.name ~ ' is null' %}
                {% elif word == 'min' %}
                    {% set broken, words = column.name ~ ' < ' ~ limit, column.name ~ ' is below ' ~ limit %}
                {% elif word == 'max' %}
                    {% set broken, words = column.name ~ ' > ' ~ limit, column.name ~ ' is above ' ~ limit %}
                {% elif word == 'values' %}
                    {% set broken = column.name ~ ' not in (' ~ literals(limit) ~ ')' %}
                    {% set words = column.name ~ ' is none of ' ~ limit | join(', ') %}
                {% endif %}
                {% do found.append({
                    'broken': broken ~ (' and ' ~ when if when else ''), 'words': words ~ (' where ' ~ when if when else '')
                }) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- The keys: columns that are unique, where they are not null, and combinations of columns, in which null is a value. -#}
{% macro key_rules(node) %}
    {% set found = [] %}
    {% for column in node.columns.values() %}
        {% for group in rule_groups(node, column) if group.get('unique') %}
            {% set when = column.name ~ ' is not null' ~ (' and ' ~ group.when if group.get('when') else '') %}
            {% do found.append({
                'columns': column.name, 'when': when,
                'words': column.name ~ ' is not unique' ~ (' where ' ~ group.when if group.get('when') else ''),
            }) %}
        {% endfor %}
    {% endfor %}
    {% set key, when = node.config.meta.get('key'), node.config.meta.get('key_when') %}
    {% if key %}
        {% do found.append({
            'columns': key | join(', '), 'when': when,
            'words': '(' ~ key | join(', ') ~ ') is not unique' ~ (' where ' ~ when if when else ''),
        }) %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}


{#- The rules of a column as a list of groups; the rules of a group hold for the rows of its `when`. -#}
{% macro rule_groups(node, column) %}
    {% set rules = (column.config.meta if column.config else column.meta).get('rules', []) %}
    {% set groups = [rules] if rules is mapping else rules %}
    {% for group in groups %}
        {% for word in group if word not in ['not_null', 'unique', 'min', 'max', 'values', 'when'] %}
            {% do exceptions.raise_compiler_error(
                node.patch_path.split('://')[-1] ~ ': ' ~ node.name ~ '.' ~ column.name ~ ": there is no rule '" ~ word
                ~ "'; there are not_null, unique, min, max and values, and `when` for the rows that they are about"
            ) %}
        {% endfor %}
    {% endfor %}
    {{ return(groups) }}
{% endmacro %}


{#- Values as an SQL list: texts quoted, numbers and booleans as they are. -#}
{% macro literals(values) %}
    {% set found = [] %}
    {% for value in values %}
        {% do found.append(text_literal(value) if value is string else value | lower) %}
    {% endfor %}
    {{ return(found | join(', ')) }}
{% endmacro %}


{#- How dbt runs tests: as always, but one that judges rules names those that are broken, with their counts. dbt by itself
    would say how many. The names are printed, and stand in run_results.json as the answer of the database. -#}
{% materialization test, default %}
    {% if not model.test_metadata or model.test_metadata.name != 'keeps_its_rules' %}
        {{ return(dbt.materialization_test_default()) }}
    {% endif %}
    {% set said = [] %}
    {% for row in run_query(sql).rows %}
        {% do said.append(row['rule'] ~ ' (' ~ row['broken'] ~ ')') %}
    {% endfor %}
    {% call statement('main', fetch_result=true) %}
        select
            {{ said | length }} as failures,
            {{ 'true' if said else 'false' }} as should_warn,
            {{ 'true' if said else 'false' }} as should_error
    {% endcall %}
    {% if said %}
        {% set tested = model.attached_node.split('.')[-1] %}
        {% do log(tested ~ ' breaks its rules: ' ~ said | join('; '), info=true) %}
        {% do store_raw_result(
            name='main', message=tested ~ ': ' ~ said | join('; '), code='broken', rows_affected=said | length,
            agate_table=load_result('main').table
        ) %}
    {% endif %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
