{#- How DuckDB makes a table: in place of the one before, in one transaction. dbt-duckdb builds beside it, renames both and drops
    one: asked of 120 tables, that took a seventh of dbt's time. What the project has none of (indexes, grants, foreign keys,
    comments, models in Python) is left out. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {% set before = load_cached_relation(this) %}
    {% set table = this.incorporate(type='table') %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {% if before %}
            drop {{ before.type }} if exists {{ before }};
        {% endif %}
        {{ create_table_as(False, table, compiled_code) }}
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
