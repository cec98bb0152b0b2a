{#- A text as a number from 0 to below 1 that looks like chance and is always the same: the first 8 hexadecimal digits of its md5,
    divided by 16^8. -#}
{% macro share_of_hash(text) -%}
    cast({{ whole_number_of_hex('substring(md5(' ~ text ~ '), 1, 8)') }} as double) / 4294967296
{%- endmacro %}


{#- Hexadecimal digits as a whole number. -#}
{% macro whole_number_of_hex(digits) -%}
    {{ return(adapter.dispatch('whole_number_of_hex', 'stammkunde')(digits)) }}
{%- endmacro %}

{% macro default__whole_number_of_hex(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{% macro spark__whole_number_of_hex(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}
