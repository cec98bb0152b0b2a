{#- Orders after this instant are `ordered_in_future`; an SQL timestamp in UTC. -#}
{% macro run_at() -%}
    {%- set instant = var('run_at') or run_started_at.strftime('%Y-%m-%d %H:%M:%S') -%}
    cast('{{ (instant | string).replace('T', ' ').replace('Z', '') }}' as timestamp)
{%- endmacro %}


{#- Whether a row became known only after the date that the warehouse is rebuilt for: one of its dates lies after it. -#}
{% macro is_after_as_of_date() -%}
    {%- if var('as_of_date') is none -%}
    false
    {%- else -%}
    (
        {%- for date in varargs %}
        {{ 'or ' if not loop.first }}coalesce({{ date }} > cast('{{ var("as_of_date") }}' as date), false)
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}


{#- Whether a row of an entity takes part: it can be used, was known on as_of_date, and no other row counts instead. -#}
{% macro takes_part(relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    (
        {{ prefix }}rejection_reason is null
        and not {{ prefix }}is_after_as_of_date
        and not {{ prefix }}is_superseded
    )
{%- endmacro %}


{#- The states in which an order does not count, and those in which it was refunded, as SQL lists. -#}
{% macro excluded_statuses() -%}
    {{ list_of_words(var('excluded_statuses')) }}
{%- endmacro %}

{% macro refunded_statuses() -%}
    {{ list_of_words(var('refunded_statuses')) }}
{%- endmacro %}

{#- The reasons with which a contract ended against the customer's will. -#}
{% macro involuntary_cancellation_reasons() -%}
    {{ list_of_words(var('involuntary_cancellation_reasons')) }}
{%- endmacro %}


{#- Whether a text means no id or no e-mail. A regular expression and no list: DuckDB would join with a list, whatever stands
    before it, and few texts are as short as these words. -#}
{% macro is_missing_value(expression) -%}
    {%- set words, patterns = [], [] -%}
    {%- for word in var('missing_values') -%}
        {%- do words.append(word | string | trim | lower) -%}
        {%- do patterns.append(modules.re.escape(words[-1])) -%}
    {%- endfor -%}
    {%- if words -%}
    {#- A letter has at most four bytes. -#}
    (
        {{ is_shorter_than(expression, words | map('length') | max * 4 + 1) }}
        and {{ has_form(lower_case(expression), patterns | join('|')) }}
    )
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}


{#- Words of a setting as they are compared: without surrounding spaces, in lower case. -#}
{% macro list_of_words(words) -%}
    {%- for word in words or [''] -%}
        {{ ', ' if not loop.first }}{{ text_literal(word | string | trim | lower) }}
    {%- endfor -%}
{%- endmacro %}
