{#- The rules of a model, from its YAML: of a column under `meta.rules`, a key of several columns under `meta.key`. -#}

{#- SQL of all broken rules of a model. One scan counts the rows that break a rule; each key is a query of its own. -#}
{% macro broken_rules(relation) %}
    {%- set node = graph.nodes[model.attached_node] -%}
    {%- set rules = row_rules(node) -%}
    {%- set keys = key_rules(node) -%}
    {%- if not rules and not keys -%}
        {% do wrong_rule(node, none, 'there are no rules: take the test keeps_its_rules away, or give it some') %}
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
        select number, rule from (
            values
            {%- for rule in rules %}
            ({{ loop.index }}, {{ text_literal(rule.words) }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as listed (number, rule)
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
        select
            {{ rules | length + loop.index }} as number,
            {{ text_literal(key.words) }} as rule,
            cast(sum(copies) as bigint) as broken
        from (
            select count(*) as copies from {{ relation }}
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
            {% for word, limit in group.items() if word not in ['when', 'unique'] %}
                {% if word == 'not_null' %}
                    {% set broken, words = 'is null', 'is null' %}
                {% elif word == 'min' %}
                    {% set broken, words = '< ' ~ limit, 'is below ' ~ limit %}
                {% elif word == 'max' %}
                    {% set broken, words = '> ' ~ limit, 'is above ' ~ limit %}
                {% else %}
                    {% set broken = 'not in (' ~ literals(limit) ~ ')' %}
                    {% set words = 'is not in (' ~ limit | join(', ') ~ ')' %}
                {% endif %}
                {% do found.append({
                    'broken': column.name ~ ' ' ~ broken ~ (' and (' ~ group.when ~ ')' if group.when),
                    'words': column.name ~ ' ' ~ words ~ (' where ' ~ group.when if group.when),
                }) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- The keys: columns that are unique where not null, and combinations of columns, in which null is a value. -#}
{% macro key_rules(node) %}
    {% set found = [] %}
    {% for column in node.columns.values() %}
        {% for group in rule_groups(node, column) if group.unique %}
            {% do found.append({
                'columns': column.name,
                'when': column.name ~ ' is not null' ~ (' and (' ~ group.when ~ ')' if group.when),
                'words': column.name ~ ' is not unique' ~ (' where ' ~ group.when if group.when),
            }) %}
        {% endfor %}
    {% endfor %}
    {% set key, when = node.config.meta.key, node.config.meta.key_when %}
    {% if when and not key %}
        {% do wrong_rule(node, none, 'key_when stands there without a key') %}
    {% endif %}
    {% if key %}
        {% if key is string or key is mapping %}
            {% do wrong_rule(node, none, 'the key is a list of columns, such as [' ~ key ~ ']') %}
        {% endif %}
        {% do found.append({
            'columns': key | join(', '),
            'when': when,
            'words': '(' ~ key | join(', ') ~ ') is not unique' ~ (' where ' ~ when if when),
        }) %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}


{#- The rules of a column as a list of groups; the rules of a group hold for the rows of its `when`. -#}
{% macro rule_groups(node, column) %}
    {% set rules = column.config.meta.rules or [] %}
    {% set groups = [rules] if rules is mapping or rules is string else rules %}
    {% for group in groups %}
        {% if group is not mapping %}
            {% do wrong_rule(node, column, "'" ~ group ~ "' is no rule: rules have values, as in {not_null: true}") %}
        {% endif %}
        {% for word, limit in group.items() %}
            {% if word not in ['not_null', 'unique', 'min', 'max', 'values', 'when'] %}
                {% do wrong_rule(
                    node, column, "there is no rule '" ~ word ~ "'; there are not_null, unique, min, max and values, "
                    ~ 'and `when` for the rows that they are about'
                ) %}
            {% elif word in ['not_null', 'unique'] and limit is not true %}
                {% do wrong_rule(node, column, word ~ ' is true or is not there') %}
            {% elif word == 'values' and (limit is string or limit is mapping or limit is not iterable or not limit) %}
                {% do wrong_rule(node, column, 'values are a list, such as [week, month]') %}
            {% elif limit is none %}
                {% do wrong_rule(node, column, word ~ ' has no value') %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(groups) }}
{% endmacro %}


{% macro wrong_rule(node, column, text) %}
    {% set name = node.name ~ ('.' ~ column.name if column) %}
    {% do exceptions.raise_compiler_error(node.patch_path.split('://')[-1] ~ ': ' ~ name ~ ': ' ~ text) %}
{% endmacro %}


{#- Values as an SQL list: texts quoted, numbers and booleans as they are. -#}
{% macro literals(values) %}
    {% set found = [] %}
    {% for value in values %}
        {% do found.append(text_literal(value) if value is string else value | lower) %}
    {% endfor %}
    {{ return(found | join(', ')) }}
{% endmacro %}


{#- How dbt runs tests: as always; where rules are broken or faults found, it then names them. dbt alone would
    only say how many. The names are printed, and stand in run_results.json as the answer of the database. -#}
{% materialization test, default %}
    {% set result = dbt.materialization_test_default() %}
    {% set counted = load_result('main').table %}
    {% set kind = model.test_metadata.name if model.test_metadata else none %}
    {% if kind in ['keeps_its_rules', 'has_no_faults'] and counted.columns[0][0] > 0 %}
        {% set said = [] %}
        {% for found in run_query(sql).rows %}
            {% set words = '' if kind == 'has_no_faults' else ' in ' ~ found[1] ~ (' row' if found[1] == 1 else ' rows') %}
            {% do said.append(found[0] ~ words) %}
        {% endfor %}
        {% set tested = graph.nodes[model.attached_node] %}
        {% set name = tested.schema ~ '.' ~ tested.name %}
        {% do print(name ~ (' has faults: ' if kind == 'has_no_faults' else ' breaks its rules: ') ~ said | join('; ')) %}
        {% do store_raw_result(
            name='main', message=name ~ ': ' ~ said | join('; '), code='broken', rows_affected=said | length,
            agate_table=counted
        ) %}
    {% endif %}
    {{ return(result) }}
{% endmaterialization %}


{#- The first fault of a row of a seed: `faults` are (field, when it is wrong, what is wrong with it), `named` is the row's name
    in SQL. Null where nothing is wrong. -#}
{% macro first_fault(named, relation, faults) -%}
    case
        {%- for field, is_wrong, what in faults %}
        when {{ relation }}.{{ field }} is null
            then {{ named }} || ': {{ field }} is empty'
        when {{ is_wrong }}
            then {{ named }} || ': {{ field }} ' || {{ relation }}.{{ field }} || ' {{ what }}'
        {%- endfor %}
    end
{%- endmacro %}
