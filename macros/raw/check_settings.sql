{#- Stops the run with one clear line if a setting is impossible. -#}
{% macro check_settings() %}
    {% if execute %}
        {% for name in ['active_window_days', 'loyal_min_orders', 'quarantined_values_days', 'frequent_contact_tickets', 'churn_horizon_days'] %}
            {% if var(name) is not integer or var(name) < 1 %}
                {% do setting_error(name, 'a whole number of at least 1') %}
            {% endif %}
        {% endfor %}
        {% for name in ['at_risk_after_days', 'new_window_days', 'first_reply_target_minutes', 'solved_target_minutes'] %}
            {% if var(name) is not integer or var(name) < 0 %}
                {% do setting_error(name, 'a whole number of at least 0') %}
            {% endif %}
        {% endfor %}
        {% for name in ['margin_rate', 'discount_rate', 'universal_control_share'] %}
            {% if var(name) is not number or var(name) is boolean or not 0 <= var(name) <= 1 %}
                {% do setting_error(name, 'a number from 0 to 1') %}
            {% endif %}
        {% endfor %}
        {% if var('count_fully_refunded') is not boolean %}
            {% do setting_error('count_fully_refunded', 'true or false') %}
        {% endif %}
        {% if var('identity_by') not in ['customer_id', 'email'] %}
            {% do setting_error('identity_by', 'customer_id or email') %}
        {% endif %}
        {% if var('customer_id_is_personal') is not boolean %}
            {% do setting_error('customer_id_is_personal', 'true or false') %}
        {% endif %}
        {% if var('erased_orders') not in ['anonymous', 'removed'] %}
            {% do setting_error('erased_orders', 'anonymous or removed') %}
        {% endif %}
        {% for name in ['excluded_statuses', 'refunded_statuses', 'missing_values', 'involuntary_cancellation_reasons'] %}
            {% if not is_list_of_words(var(name)) %}
                {% do setting_error(name, 'a list of texts that are not empty') %}
            {% endif %}
        {% endfor %}
        {% do check_segment_dimensions() %}
        {% if not modules.re.fullmatch('[A-Za-z]{3}', var('reporting_currency') | string) %}
            {% do setting_error('reporting_currency', 'a currency code of three letters') %}
        {% endif %}
        {% if "'" in var('identity_salt') | string %}
            {% do setting_error('identity_salt', 'a text without quotation marks') %}
        {% endif %}
        {% if run_query('select 1 as found where ' ~ secret('identity_salt') ~ " like '%(redacted)'").rows %}
            {% do exceptions.raise_compiler_error(
                "the salt (STAMMKUNDE_IDENTITY_SALT) holds a word such as secret or password: Spark hides such texts from its own "
                ~ "statements (spark.redaction.regex). Choose one without"
            ) %}
        {% endif %}
        {#- A refresh takes it from there and hands it over as a secret; dbt itself would write it into its files. -#}
        {% if env_var('STAMMKUNDE_IDENTITY_SALT', '') %}
            {% do exceptions.raise_compiler_error(
                "STAMMKUNDE_IDENTITY_SALT is for refreshes (make run). For dbt alone name the salt DBT_ENV_SECRET_IDENTITY_SALT: "
                ~ "dbt writes variables of that prefix into no file"
            ) %}
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


{#- Names of columns that are attributes: none that means something else here, and no personal data. Whether files of
    customers carry the others is known when they are read. -#}
{% macro check_segment_dimensions() %}
    {% set names = var('segment_dimensions') %}
    {% if names is string or names is not iterable or not names or names | unique | list | length < names | length %}
        {% do setting_error('segment_dimensions', 'a list of at least one column, each once') %}
    {% endif %}
    {% set taken = [
        'all', 'customer_id', 'email', 'created_at', 'updated_at', 'marketing_consent', 'referred_by_customer_id', 'source_file',
        'malformed_line', 'rejection_reason', 'version_rank', 'is_superseded', 'first_order_date', 'last_order_date', 'orders',
        'net_revenue', 'first_discount_amount', 'customers', 'segment_id', 'preference',
    ] %}
    {% for name in names %}
        {% if name in taken or not modules.re.fullmatch('[a-z][a-z0-9_]*', name | string) %}
            {% do setting_error(
                'segment_dimensions', 'a list of ' ~ dimensions_of_every_shop() | join(', ') ~ ' and of columns of customers that '
                ~ "describe them, in lower case; '" ~ name ~ "' cannot be one"
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro setting_error(name, expected) %}
    {% do exceptions.raise_compiler_error(
        "setting " ~ name ~ " (vars in dbt_project.yml, or --vars) is '" ~ var(name) ~ "'; it must be " ~ expected
    ) %}
{% endmacro %}


{#- A list that may be empty. -#}
{% macro is_list_of_words(words) %}
    {% if words is string or words is mapping or words is not iterable %}
        {{ return(false) }}
    {% endif %}
    {{ return(words | reject('string') | reject('integer') | list == [] and words | map('trim') | reject | list == []) }}
{% endmacro %}


{#- Jinja cannot catch the error of an invalid date: so the day is counted from the first of the month, and must not leave it. -#}
{% macro is_date(text) %}
    {% if not modules.re.fullmatch('(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text) %}
        {{ return(false) }}
    {% endif %}
    {% set first_of_month = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) %}
    {% set day = first_of_month + modules.datetime.timedelta(days=text[8:] | int - 1) %}
    {{ return(day.month == first_of_month.month) }}
{% endmacro %}
