{#- The grains of all figures by period. -#}
{% macro period_grains() -%}
    {{ return(['week', 'month', 'quarter', 'year']) }}
{%- endmacro %}


{#- Body of a CTE or model: every date of a relation with the period of each grain that holds it. -#}
{% macro calendar_of(relation, date) -%}
    {%- for grain in period_grains() %}
        {%- set start = period_start(grain, date) %}
select
    {{ date }},
    '{{ grain }}' as period_grain,
    {{ start }} as period_start,
    {{ next_period_start(grain, start) }} as period_end
from {{ relation }}
        {%- if not loop.last %}
union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}


{#- One of the columns <name>_week, <name>_month, ...: the one of the row's period_grain. -#}
{% macro column_of_grain(name) -%}
    case period_grain
        {%- for grain in period_grains() %} when '{{ grain }}' then {{ name }}_{{ grain }}{% endfor %} end
{%- endmacro %}


{#- Body of a CTE: the periods of some grains from the one that holds `first_date` to that of `as_of_date`, two columns of a
    relation of one row; without a first date none. The last day that counts is `measured_on`. -#}
{% macro periods_of_span(span, grains) -%}
    select distinct
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        least({{ add_days('periods.period_end', -1) }}, periods.as_of_date) as measured_on,
        periods.period_end <= {{ add_days('periods.as_of_date', 1) }} as is_complete
    from (
        {%- for grain in grains %}
            {%- set start = period_start(grain, add_days(span ~ '.first_date', 'day_numbers.number')) %}
        select
            '{{ grain }}' as period_grain,
            {{ start }} as period_start,
            {{ next_period_start(grain, start) }} as period_end,
            {{ span }}.as_of_date
        from {{ span }}
        cross join (
            {{ whole_numbers('(select max(' ~ days_between('span_of_days.first_date', 'span_of_days.as_of_date') ~ ') from ' ~ span ~ ' as span_of_days)') | indent(12) }}
        ) as day_numbers
            {%- if not loop.last %}
        union all
            {%- endif %}
        {%- endfor %}
    ) as periods
{%- endmacro %}


{#- Body of a CTE: every month from `first_month` of a relation of one row on, over its `days`. -#}
{% macro months_of(span) -%}
    select distinct {{ period_start('month', add_days(span ~ '.first_month', 'day_numbers.number')) }} as month_start
    from {{ span }}
    cross join (
        {{ whole_numbers('(select max(' ~ span ~ '.days) from ' ~ span ~ ')') | indent(8) }}
    ) as day_numbers
{%- endmacro %}
