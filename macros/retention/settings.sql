{#- Orders after this instant are `ordered_in_future`; an SQL timestamp in UTC. -#}
{% macro run_at() -%}
    {%- set instant = var('run_at') or run_started_at.strftime('%Y-%m-%d %H:%M:%S') -%}
    cast('{{ (instant | string).replace('T', ' ').replace('Z', '') }}' as timestamp)
{%- endmacro %}


{#- Whether an order row became known only after the date that the warehouse is rebuilt for. -#}
{% macro is_after_as_of_date(order_date, updated_date) -%}
    {%- if var('as_of_date') is none -%}
    false
    {%- else -%}
    (
        {{ order_date }} > cast('{{ var("as_of_date") }}' as date)
        or coalesce({{ updated_date }} > cast('{{ var("as_of_date") }}' as date), false)
    )
    {%- endif -%}
{%- endmacro %}


{#- The states in which an order does not count, as an SQL list. -#}
{% macro excluded_statuses() -%}
    {%- for status in var('excluded_statuses') or [''] -%}
        {{ ', ' if not loop.first }}{{ text_literal(status | string | trim | lower) }}
    {%- endfor -%}
{%- endmacro %}
