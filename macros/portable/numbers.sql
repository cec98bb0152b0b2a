{#- A rate or average as a double; null where there is nothing to divide by. -#}
{% macro rate(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}


{#- An amount in the reporting currency, to the cent; null where the rate is missing or the amount too large. 19 digits and
    the rate's 18 make 38: Spark rounds a longer product before the cents are rounded. -#}
{% macro converted_amount(amount, exchange_rate) -%}
    try_cast(cast({{ amount }} as decimal(19, 4)) * {{ exchange_rate }} as decimal(18, 2))
{%- endmacro %}


{#- The same where the rate is null for an amount in the reporting currency, which is only rounded: most amounts are. -#}
{% macro net_amount(amount, refunded_amount, exchange_rate) -%}
    case
        when {{ exchange_rate }} is null then cast({{ amount }} - {{ refunded_amount }} as decimal(18, 2))
        else {{ converted_amount(amount ~ ' - ' ~ refunded_amount, exchange_rate) }}
    end
{%- endmacro %}


{#- Body of a CTE: whole numbers from 0 to a bound, as column `number`. Six digits are enough for all days between the years 1 and
    2700. It is portable, generate_series is not. -#}
{% macro whole_numbers(upper_bound, digits=6) -%}
    select numbers.number
    from (
        select
            {% for position in range(digits) -%}
            {{ '+ ' if not loop.first }}{{ 10 ** position }} * digit_{{ position }}.digit
            {%- if not loop.last %}
            {% endif %}
            {%- endfor %} as number
        from {% for position in range(digits) -%}
            {{ 'cross join ' if not loop.first }}(
            select 0 as digit
            {%- for digit in range(1, 10) %} union all select {{ digit }}{% endfor -%}
        ) as digit_{{ position }}
        {% endfor -%}
    ) as numbers
    where numbers.number <= {{ upper_bound }}
{%- endmacro %}


{#- A number as people read it: two decimals at most. -#}
{% macro number_in_words(number, mark) -%}
    {#- Beyond 90 trillions nothing is exact any more. -#}
    {%- set hundredths = 'cast(least(round(abs(' ~ number ~ ') * 100), 9000000000000000) as bigint)' -%}
    {#- `least` leaves out null on both engines. -#}
    case
        when {{ number }} is not null
            then
                case when {{ number }} < 0 and {{ hundredths }} > 0 then '-' else '' end
                || cast(cast(floor({{ hundredths }} / 100) as bigint) as {{ dbt.type_string() }})
                || case
                    when {{ hundredths }} % 100 = 0 then ''
                    when {{ hundredths }} % 10 = 0
                        then '{{ mark }}' || cast(cast(floor({{ hundredths }} % 100 / 10) as bigint) as {{ dbt.type_string() }})
                    else '{{ mark }}' || substring(cast(100 + {{ hundredths }} % 100 as {{ dbt.type_string() }}), 2, 2)
                end
    end
{%- endmacro %}


{% macro squared(expression) -%}
    ({{ expression }}) * ({{ expression }})
{%- endmacro %}


{#- The sum of calculated numbers, the same to the last digit in whatever order rows come: doubles are not. -#}
{% macro sum_in_any_order(number) -%}
cast(sum(cast({{ number }} as decimal(38, 12))) as double)
{%- endmacro %}
