{#- Stops the run with one clear line if a setting is impossible. -#}
{% macro check_settings() %}
    {% if execute %}
        {% for name in ['active_window_days', 'loyal_min_orders'] %}
            {% if var(name) is not integer or var(name) < 1 %}
                {% do setting_error(name, 'a whole number of at least 1') %}
            {% endif %}
        {% endfor %}
        {% for name in ['at_risk_after_days', 'new_window_days'] %}
            {% if var(name) is not integer or var(name) < 0 %}
                {% do setting_error(name, 'a whole number of at least 0') %}
            {% endif %}
        {% endfor %}
        {% if var('count_fully_refunded') is not boolean %}
            {% do setting_error('count_fully_refunded', 'true or false') %}
        {% endif %}
        {% if var('excluded_statuses') is string or var('excluded_statuses') is not iterable %}
            {% do setting_error('excluded_statuses', 'a list of texts') %}
        {% endif %}
        {% if not modules.re.fullmatch('[A-Za-z]{3}', var('reporting_currency') | string) %}
            {% do setting_error('reporting_currency', 'a currency code of three letters') %}
        {% endif %}
        {% if "'" in identity_salt() | string %}
            {% do setting_error('identity_salt', 'a text without quotation marks') %}
        {% endif %}
        {% if var('as_of_date') is not none and not is_date(var('as_of_date') | string) %}
            {% do setting_error('as_of_date', 'a date YYYY-MM-DD, or null') %}
        {% endif %}
        {% if var('run_at') is not none
            and not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?Z?', var('run_at') | string) %}
            {% do setting_error('run_at', 'an instant in UTC, YYYY-MM-DDTHH:MM:SSZ, or null') %}
        {% endif %}
        {% for name in ['reporting_timezone', 'source_timezone'] %}
            {% if var(name) not in modules.pytz.all_timezones_set %}
                {% do setting_error(name, 'a time zone such as Europe/Berlin') %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro setting_error(name, expected) %}
    {% do exceptions.raise_compiler_error(
        "setting " ~ name ~ " (vars in dbt_project.yml, or --vars) is '" ~ var(name) ~ "'; it must be " ~ expected
    ) %}
{% endmacro %}


{% macro is_date(text) %}
    {% if not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', text) %}
        {{ return(false) }}
    {% endif %}
    {% set month, day = text[5:7] | int, text[8:10] | int %}
    {% set leap = (text[0:4] | int) % 4 == 0 and ((text[0:4] | int) % 100 != 0 or (text[0:4] | int) % 400 == 0) %}
    {% set last_day = 29 if month == 2 and leap else 28 if month == 2 else 30 if month in [4, 6, 9, 11] else 31 %}
    {{ return(text[0:4] != '0000' and month >= 1 and month <= 12 and day >= 1 and day <= last_day) }}
{% endmacro %}
