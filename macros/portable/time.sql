{#- A local timestamp of a zone as the instant in UTC, and back. If the zone is UTC, nothing is converted. -#}
{% macro to_utc(expression, zone) -%}
    {{ return(expression if zone == 'UTC' else adapter.dispatch('to_utc', 'stammkunde')(expression, zone)) }}
{%- endmacro %}

{% macro default__to_utc(expression, zone) -%}
    timezone('UTC', timezone('{{ zone }}', {{ expression }}))
{%- endmacro %}

{#- If a local time occurs twice, Spark takes the first and DuckDB the second: here Spark takes the second, too. -#}
{% macro spark__to_utc(expression, zone) -%}
    {%- set first = 'to_utc_timestamp(' ~ expression ~ ", '" ~ zone ~ "')" -%}
    {%- set second = 'timestampadd(hour, 1, ' ~ first ~ ')' -%}
    case when from_utc_timestamp({{ second }}, '{{ zone }}') = {{ expression }} then {{ second }} else {{ first }} end
{%- endmacro %}

{% macro from_utc(expression, zone) -%}
    {{ return(expression if zone == 'UTC' else adapter.dispatch('from_utc', 'stammkunde')(expression, zone)) }}
{%- endmacro %}

{% macro default__from_utc(expression, zone) -%}
    timezone('{{ zone }}', timezone('UTC', {{ expression }}))
{%- endmacro %}

{% macro spark__from_utc(expression, zone) -%}
    from_utc_timestamp({{ expression }}, '{{ zone }}')
{%- endmacro %}


{#- The date that the clocks of the reporting time zone show at an instant in UTC. -#}
{% macro reporting_date(expression) -%}
    cast({{ from_utc(expression, var('reporting_timezone')) }} as date)
{%- endmacro %}


{#- Text of a timestamp with or without an offset to the instant in UTC (without: read as UTC). -#}
{% macro instant_from_text(expression) -%}
    {{ return(adapter.dispatch('instant_from_text', 'stammkunde')(expression)) }}
{%- endmacro %}

{#- A cast to timestamp would drop the offset silently; a cast to timestamptz first does not. -#}
{% macro default__instant_from_text(expression) -%}
    cast(try_cast({{ expression }} as timestamp with time zone) as timestamp)
{%- endmacro %}

{#- The offset is subtracted as minutes, because Spark's cast accepts no offset beyond 18 hours and none like +0100 after HH:MM. -#}
{% macro spark__instant_from_text(expression) -%}
    timestampadd(
        minute,
        -60 * coalesce(try_cast(regexp_extract({{ expression }}, '([+-][0-9]{2}):?[0-9]{2}$', 1) as int), 0)
        - coalesce(try_cast(
            regexp_extract({{ expression }}, '([+-])[0-9]{2}:?[0-9]{2}$', 1)
            || regexp_extract({{ expression }}, '[+-][0-9]{2}:?([0-9]{2})$', 1) as int
        ), 0),
        try_cast(regexp_replace({{ expression }}, '(Z|[+-][0-9]{2}:?[0-9]{2})$', '') as timestamp)
    )
{%- endmacro %}


{#- A timestamp that carries its zone (DuckDB: timestamptz, Spark: timestamp) as the instant in UTC. -#}
{% macro instant_in_utc(expression) -%}
    {{ return(adapter.dispatch('instant_in_utc', 'stammkunde')(expression)) }}
{%- endmacro %}

{% macro default__instant_in_utc(expression) -%}
    timezone('UTC', {{ expression }})
{%- endmacro %}

{% macro spark__instant_in_utc(expression) -%}
    {{ expression }}
{%- endmacro %}


{#- Cleaned text to an instant in UTC; null where it is none of the accepted forms:
    YYYY-MM-DD, optionally T or a space and HH:MM[:SS[.fraction]], optionally Z or an offset.
    A date alone is midnight in the reporting zone, a time without offset is in the source zone. -#}
{% macro timestamp_from_text(expression) -%}
    {%- set date = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = '(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])' -%}
    {#- Without a leading group the engines would take year 0 for 1 BC. -#}
    case
        when {{ expression }} like '0000%' then null
        when {{ has_form(expression, date ~ time ~ (offset ~ '?' if var('source_timezone') == 'UTC' else offset)) }}
            then {{ instant_from_text(expression) }}
        {%- if var('source_timezone') != 'UTC' %}
        when {{ has_form(expression, date ~ time) }}
            then {{ to_utc('try_cast(' ~ expression ~ ' as timestamp)', var('source_timezone')) }}
        {%- endif %}
        when {{ has_form(expression, date) }}
            then {{ to_utc('cast(try_cast(' ~ expression ~ ' as date) as timestamp)', var('reporting_timezone')) }}
    end
{%- endmacro %}


{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'stammkunde')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    ({{ date }} + cast({{ days }} as int))
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add({{ date }}, cast({{ days }} as int))
{%- endmacro %}


{#- An instant so many hours later. -#}
{% macro add_hours(instant, hours) -%}
    {{ return(adapter.dispatch('add_hours', 'stammkunde')(instant, hours)) }}
{%- endmacro %}

{% macro default__add_hours(instant, hours) -%}
    ({{ instant }} + to_hours({{ hours }}))
{%- endmacro %}

{% macro spark__add_hours(instant, hours) -%}
    timestampadd(hour, {{ hours }}, {{ instant }})
{%- endmacro %}


{#- Days from one date to another, negative where the second is earlier. -#}
{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between', 'stammkunde')(earlier, later)) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    ({{ later }} - {{ earlier }})
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}


{#- First day of the week (Monday), month, quarter or year that holds a date. -#}
{% macro period_start(grain, date) -%}
    cast(date_trunc('{{ grain }}', {{ date }}) as date)
{%- endmacro %}


{#- Whole periods from one period start to another, by arithmetic on the dates themselves. -#}
{% macro periods_between(grain, earlier, later) -%}
    {%- if grain == 'week' -%}
        cast({{ days_between(earlier, later) }} / 7 as bigint)
    {%- else -%}
        cast(
            (12 * (year({{ later }}) - year({{ earlier }})) + month({{ later }}) - month({{ earlier }}))
            / {{ {'month': 1, 'quarter': 3, 'year': 12}[grain] }} as bigint
        )
    {%- endif -%}
{%- endmacro %}


{#- First day of the following period. The number of days that is added is at least one period of the grain and less than two. -#}
{% macro next_period_start(grain, start) -%}
    {%- set past_the_end = {'week': 7, 'month': 31, 'quarter': 92, 'year': 366}[grain] -%}
    {{ period_start(grain, add_days(start, past_the_end)) }}
{%- endmacro %}


{#- A date as people write it: 31 December 2024, 31.12.2024. -#}
{% macro date_in_words(date, language) -%}
    {%- set text = 'cast(' ~ date ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set day, month, year = 'substring(' ~ text ~ ', 9, 2)', 'substring(' ~ text ~ ', 6, 2)', 'substring(' ~ text ~ ', 1, 4)' -%}
    {%- if language == 'de' -%}
    {{ day }} || '.' || {{ month }} || '.' || {{ year }}
    {%- else -%}
    cast(cast({{ day }} as int) as {{ dbt.type_string() }}) || ' '
    || case {{ month }}
        {%- for name in [
            'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
            'December',
        ] %}
        when '{{ '%02d' % loop.index }}' then '{{ name }}'
        {%- endfor %}
    end
    || ' ' || {{ year }}
    {%- endif -%}
{%- endmacro %}
