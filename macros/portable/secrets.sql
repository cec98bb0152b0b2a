{#- A secret in SQL, empty where none is given. dbt writes the SQL of a model into its files, so only the name may stand
    there: the value comes with the connection (profiles.yml, from the variable DBT_ENV_SECRET_<NAME>). -#}
{% macro secret(name) -%}
    {{ return(adapter.dispatch('secret', 'stammkunde')(name)) }}
{%- endmacro %}

{% macro default__secret(name) -%}
    coalesce(getvariable('{{ name }}'), '')
{%- endmacro %}

{#- The server puts the value in when it gets the statement. Raw: a backslash in it is no escape. -#}
{% macro spark__secret(name) -%}
    r'${{ '{' }}spark.stammkunde.{{ name }}{{ '}' }}'
{%- endmacro %}


{#- SHA-256 of a text, hexadecimal. -#}
{% macro sha256_of(expression) -%}
    {{ return(adapter.dispatch('sha256_of', 'stammkunde')(expression)) }}
{%- endmacro %}

{% macro default__sha256_of(expression) -%}
    sha256({{ expression }})
{%- endmacro %}

{% macro spark__sha256_of(expression) -%}
    sha2({{ expression }}, 256)
{%- endmacro %}
