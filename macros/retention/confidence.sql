{#- How far chance alone can move a figure. 95 % of the normal distribution lie within so many standard errors. -#}
{% macro confidence_z() -%}
    1.96
{%- endmacro %}


{#- Ends of the interval of a share, of the counts that it is made of: Wilson's score interval (1927). Unlike the share -+ its
    standard error it holds for small counts and rare events. Null where the share is. The share itself and 0 or 1 are limits
    because doubles are rounded: of 0 of 10 the lower end is 0, not a little more. -#}
{% macro wilson_low(numerator, denominator) -%}
    case
        when {{ denominator }} > 0
            then greatest(least({{ wilson_end(numerator, denominator, '-') }}, {{ rate(numerator, denominator) }}), 0)
    end
{%- endmacro %}

{% macro wilson_high(numerator, denominator) -%}
    case
        when {{ denominator }} > 0
            then least(greatest({{ wilson_end(numerator, denominator, '+') }}, {{ rate(numerator, denominator) }}), 1)
    end
{%- endmacro %}

{#- With k of n: (k + z^2 / 2 -+ z sqrt(k (n - k) / n + z^2 / 4)) / (n + z^2). -#}
{% macro wilson_end(numerator, denominator, side) -%}
    {%- set k, n, z = 'cast(' ~ numerator ~ ' as double)', 'cast(' ~ denominator ~ ' as double)', confidence_z() | float -%}
    1 / ({{ n }} + {{ z * z }})
            * ({{ k }} + {{ z * z / 2 }} {{ side }} {{ z }} * sqrt({{ k }} * ({{ n }} - {{ k }}) / {{ n }} + {{ z * z / 4 }}))
{%- endmacro %}


{#- Ends of the interval of the difference of two shares, of their own Wilson intervals in columns <share>_low and <share>_high:
    Newcombe's hybrid score interval (1998, method 10). -#}
{% macro difference_low(share, other) -%}
    {{ share }} - {{ other }}
            - sqrt(({{ share }} - {{ share }}_low) * ({{ share }} - {{ share }}_low)
            + ({{ other }}_high - {{ other }}) * ({{ other }}_high - {{ other }}))
{%- endmacro %}

{% macro difference_high(share, other) -%}
    {{ share }} - {{ other }}
            + sqrt(({{ share }}_high - {{ share }}) * ({{ share }}_high - {{ share }})
            + ({{ other }} - {{ other }}_low) * ({{ other }} - {{ other }}_low))
{%- endmacro %}


{#- Ends of the interval of a Kaplan-Meier survival: Greenwood's variance on the scale log(-log), on which it is closest to
    normal and stays within 0 and 1. `variance_sum` is the sum over the days so far of events / (at risk x (at risk - events)).
    Without anything to be uncertain about (survival 0 or 1) both ends are the survival itself. -#}
{% macro survival_low(survival, variance_sum) -%}
    {{ survival_end(survival, variance_sum, '') }}
{%- endmacro %}

{% macro survival_high(survival, variance_sum) -%}
    {{ survival_end(survival, variance_sum, '-') }}
{%- endmacro %}

{% macro survival_end(survival, variance_sum, side) -%}
    case
        when {{ survival }} > 0 and {{ survival }} < 1 and {{ variance_sum }} is not null
            then exp(
                ln({{ survival }}) * exp({{ side }}{{ confidence_z() }} * sqrt({{ variance_sum }}) / abs(ln({{ survival }})))
            )
        else {{ survival }}
    end
{%- endmacro %}


{#- How likely chance alone takes a standard normal figure above z (not below 0), within 0.000000075: Abramowitz and Stegun
    (1964), formula 26.2.17. Engines have no such function. -#}
{% macro normal_tail(z) -%}
    {%- set t = '(1 / (1 + 0.2316419 * ' ~ z ~ '))' -%}
    exp(-{{ z }} * {{ z }} / 2) * 0.3989422804014327 * {{ t }} * (
            0.319381530 + {{ t }} * (
                -0.356563782 + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))
            )
        )
{%- endmacro %}
