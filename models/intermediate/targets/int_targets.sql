{%- set measures = target_measures() -%}
{%- set without_grain = [] -%}
{%- set too_high = [] -%}
{%- for measure, about in measures.items() -%}
    {%- set is_it = "targets.measure = '" ~ measure ~ "' and " -%}
    {%- do without_grain.append(is_it ~ 'targets.grain not in (' ~ literals(about.grains) ~ ')') -%}
    {%- if about.most -%}
        {%- do too_high.append(is_it ~ 'abs(try_cast(targets.value as double)) > ' ~ about.most) -%}
    {%- endif -%}
{%- endfor -%}
{#- Field, when it is wrong, and what is wrong with it: the first of a target is named. -#}
{%- set faults = [
    (
        'measure',
        'targets.measure not in (' ~ literals(measures) ~ ')',
        'is no measure that has a value by period (docs/targets.md lists them)',
    ),
    ('grain', "targets.grain not in ('month', 'quarter', 'year')", 'is none of month quarter year'),
    ('grain', without_grain | join(' or '), 'is a grain that the measure has no values of'),
    ('value', 'not ' ~ has_form('targets.value', '-?[0-9]{1,12}([.][0-9]+)?'), 'is no number'),
    ('value', too_high | join(' or '), 'is more than the measure can be (a rate is a share: 0.8 and not 80)'),
    ('direction', "targets.direction not in ('at_least', 'at_most')", 'is neither at_least nor at_most'),
    (
        'valid_from',
        'not ' ~ has_form('targets.valid_from', '[0-9]{4}-[0-9]{2}-[0-9]{2}')
        ~ ' or try_cast(targets.valid_from as date) is null',
        'is no date such as 2025-01-01',
    ),
    ('owner', "targets.owner = '-'", 'names nobody'),
    ('valid_from', 'targets.times > 1', 'stands twice for this measure and grain'),
] -%}
-- A target with a fault takes no part: nothing is built behind it (the test has_no_faults).
with targets as (

    select
        *,
        'target ' || coalesce(measure, '-') || ' by ' || coalesce(grain, '-') || ' from ' || coalesce(valid_from, '-')
            as target_name,
        count(*) over (partition by measure, grain, valid_from) as times
    from {{ ref('targets') }}

),

typed as (

    select
        targets.measure,
        targets.grain as period_grain,
        targets.direction,
        targets.owner,
        try_cast(targets.value as double) as target_value,
        try_cast(targets.valid_from as date) as valid_from,
        {{ first_fault('targets.target_name', 'targets', faults) | indent(8) }} as fault
    from targets

)

select
    measure,
    period_grain,
    target_value,
    direction,
    valid_from,
    owner,
    fault,
    lead(valid_from) over (
        partition by measure, period_grain
        order by valid_from, target_value
    ) as replaced_from
from typed
