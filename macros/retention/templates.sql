{#- What a template of the playbook may name in single braces: what the warehouse knows of a customer without saying who it is.
    Field, its kind, and the column that holds it. Words may be missing and need others instead: {loyalty_tier|your tier}. -#}
{% macro template_fields() -%}
    {{ return([
        ('orders', 'number', 'customers.orders'),
        ('days_since_last_order', 'number', 'customers.recency_days'),
        ('average_order_value', 'number', 'customers.average_order_value'),
        ('net_revenue_365d', 'number', 'metrics.net_revenue_365d'),
        ('first_order_date', 'date', 'customers.first_order_date'),
        ('last_order_date', 'date', 'customers.last_order_date'),
        ('first_category', 'words', 'customers.first_category'),
        ('loyalty_tier', 'words', 'attributes.loyalty_tier'),
    ]) }}
{%- endmacro %}

{% macro names_of_template_fields(kinds) -%}
    {%- set names = [] -%}
    {%- for name, kind, _ in template_fields() if kind in kinds -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{#- A field as it stands in a message. Braces in words of the shop would be read as another field. -#}
{% macro template_value(column, kind, language) -%}
    {%- if kind == 'number' -%}
    {{ number_in_words(column, {'en': '.', 'de': ','}[language]) }}
    {%- elif kind == 'date' -%}
    {{ date_in_words(column, language) }}
    {%- else -%}
    {{ replaced_text(replaced_text(column, "'{'", "''"), "'}'", "''") }}
    {%- endif -%}
{%- endmacro %}


{#- The same in the language of the template. -#}
{% macro template_value_in_its_language(column, kind) -%}
    case templates.language
        {%- for language in ['en', 'de'] %}
        when '{{ language }}' then {{ template_value(column, kind, language) | indent(8) }}
        {%- endfor %}
    end
{%- endmacro %}


{#- The tags of the sending tool, such as two braces around a first name, are left to it. -#}
{% macro without_tags_of_the_tool(text) -%}
    {{ replaced_form(text, '', '(\\{\\{+[^{}]*\\}\\}+|\\{' ~ '%[^{}]*%' ~ '\\})', '') }}
{%- endmacro %}

{#- Their braces are two letters that no text holds while the fields are filled in. -#}
{% macro with_hidden_tags(text) -%}
    {{ replaced_text(replaced_text(text, "'{" ~ "{'", "'\ue000'"), "'}" ~ "}'", "'\ue001'") }}
{%- endmacro %}

{% macro with_shown_tags(text) -%}
    {{ replaced_text(replaced_text(text, "'\ue000'", "'{" ~ "{'"), "'\ue001'", "'}" ~ "}'") }}
{%- endmacro %}


{#- The first place of a field in a text, with the words for customers who have none; empty where it has none. -#}
{% macro placeholder_in(text, field) -%}
    {{ found_form(text, '\\{' ~ field ~ '([|][^{}]*)?\\}', 0) }}
{%- endmacro %}

{#- A text in which a field is filled in. -#}
{% macro filled(text, field) -%}
    {{ replaced_text(
        text,
        placeholder_in(text, field),
        'coalesce(' ~ field ~ ', ' ~ found_form(text, '\\{' ~ field ~ '[|]([^{}]*)\\}', 1) ~ ')'
    ) }}
{%- endmacro %}


{#- CTEs that fill in the fields of subject and body, one after the other, so that no text is worked out several times. `to` is the
    name of the last one. -#}
{% macro fields_filled_in(from, to) -%}
    {%- set fields = template_fields() -%}
    {%- for name, _, _ in fields %}
{{ to if loop.last else 'filled_with_' ~ name }} as (

    select
        customer_id,
        rule_id,
        language,
        template_id,
        variant,
        {%- for later, _, _ in fields[loop.index:] %}
        {{ later }},
        {%- endfor %}
        {{ filled('subject', name) }} as subject,
        {{ filled('body', name) }} as body
    from {{ from if loop.first else 'filled_with_' ~ fields[loop.index0 - 1][0] }}

){{ ',\n' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What is wrong with the fields of a text, the first of it; null where nothing is. -#}
{% macro fault_of_fields(text) -%}
    {%- set needed = '\\{(' ~ names_of_template_fields(['words']) | join('|') ~ ')([|]\\s*)?\\}' -%}
    {%- set known -%}
        \{({{ names_of_template_fields(['number', 'date', 'words']) | join('|') }})([|][^{}]*)?\}
    {%- endset -%}
    {%- set own = without_tags_of_the_tool(text) -%}
    {%- set others = replaced_form(own, '', known, '') -%}
    case
        when {{ found_form(others, '[{}]', 0) }} <> ''
            then
                coalesce(nullif({{ found_form(others, '\\{[^{}]*\\}', 0) }}, ''), 'a single brace')
                || ' is no field of a template, of {{ names_of_template_fields(['number', 'date', 'words']) | join(' ') }};'
                || ' tags of the sending tool have two braces'
        when {{ found_form(own, needed, 0) }} <> ''
            then
                {{ found_form(own, needed, 0) }}
                || ' needs words for customers who have none, such as '
                || '{' || {{ found_form(own, needed, 1) }} || '|...}'
        {%- for name in names_of_template_fields(['number', 'date', 'words']) %}
        when {{ placeholder_in(replaced_text(own, placeholder_in(own, name), "''"), name) }} <> ''
            then
                {{ placeholder_in(own, name) }} || ' and '
                || {{ placeholder_in(replaced_text(own, placeholder_in(own, name), "''"), name) }}
                || ' are one field in two ways'
        {%- endfor %}
    end
{%- endmacro %}
