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


{#- The states in which an order does not count, and those in which it was refunded, as SQL lists. -#}
{% macro excluded_statuses() -%}
    {{ list_of_words(var('excluded_statuses')) }}
{%- endmacro %}

{% macro refunded_statuses() -%}
    {{ list_of_words(var('refunded_statuses')) }}
{%- endmacro %}


{#- Texts that mean no id or no e-mail, as an SQL list. -#}
{% macro missing_values() -%}
    {{ list_of_words(var('missing_values')) }}
{%- endmacro %}


{#- Words of a setting as they are compared: without surrounding spaces, in lower case. -#}
{% macro list_of_words(words) -%}
    {%- for word in words or [''] -%}
        {{ ', ' if not loop.first }}{{ text_literal(word | string | trim | lower) }}
    {%- endfor -%}
{%- endmacro %}
