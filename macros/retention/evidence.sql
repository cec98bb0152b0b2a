{#- How sure the effect of an action is when people look at it every day and at many rules. #}

{#- The uplifts that the mixture expects: 0.1, ten points up or down, is their standard deviation. It decides at which sizes the
    interval is narrowest, and never whether it is valid. -#}
{% macro mixture_variance() -%}
    cast(0.01 as double)
{%- endmacro %}

{#- Variance of the share successes / actions. One success and one failure are added: without them a share of 0 of 3 would be
    certain. -#}
{% macro variance_of_share(successes, actions) -%}
    ({{ successes }} + 1e0) * ({{ actions }} - {{ successes }} + 1e0)
    / (({{ actions }} + 2e0) * ({{ actions }} + 2e0)) / nullif({{ actions }}, 0)
{%- endmacro %}

{#- Half of the 95 % interval that stays valid however often one looks: the normal mixture of Robbins (1970), with the variance of
    the estimate as Johari, Koomen, Pekelis and Walsh (2022, Always valid inference) use it. 5.99 is 2 ln(1 / 0.05). -#}
{% macro always_valid_margin(variance) -%}
    sqrt(
        {{ variance }} * ({{ variance }} + {{ mixture_variance() }}) / {{ mixture_variance() }}
        * (5.991464547107982e0 + ln(({{ variance }} + {{ mixture_variance() }}) / {{ variance }}))
    )
{%- endmacro %}

{#- The p-value that belongs to it: at most 0.05 exactly where the interval excludes 0. -#}
{% macro always_valid_p_value(difference, variance) -%}
    least(
        sqrt(({{ variance }} + {{ mixture_variance() }}) / {{ variance }})
        * exp(
            -{{ mixture_variance() }} * {{ difference }} * {{ difference }}
            / (2 * {{ variance }} * ({{ variance }} + {{ mixture_variance() }}))
        ),
        1
    )
{%- endmacro %}

{#- How likely chance alone splits so far from the share that was asked for: chi-square with one degree of freedom, half a customer
    corrected for continuity. Where nobody or everybody was to be left alone, one customer more or less cannot be chance. -#}
{% macro split_p_value(treated, control, share) -%}
    case
        when {{ treated }} + {{ control }} = 0 then null
        when {{ share }} <= 0 then case when {{ control }} = 0 then 1 else 0 end
        when {{ share }} >= 1 then case when {{ treated }} = 0 then 1 else 0 end
        else least(2 * {{ normal_tail('(' ~ split_deviation(treated, control, share) ~ ')') }}, 1)
    end
{%- endmacro %}

{% macro split_deviation(treated, control, share) -%}
    greatest(abs({{ control }} - ({{ treated }} + {{ control }}) * {{ share }}) - 0.5e0, 0)
        / sqrt(({{ treated }} + {{ control }}) * {{ share }} * (1 - {{ share }}))
{%- endmacro %}


{#- Benjamini and Hochberg (1995), in two steps: a p-value against its rank among those of the group, then the smallest of it and
    of all larger ones. -#}
{% macro p_value_for_rank(partition) -%}
    p_value * count(p_value) over ({{ partition }})
        / nullif(count(p_value) over ({{ partition }} order by p_value), 0)
{%- endmacro %}

{% macro q_value(partition) -%}
    case
        when p_value is not null
            then least(min(p_value_for_rank) over ({{ partition }} order by p_value desc nulls last), 1)
    end
{%- endmacro %}
