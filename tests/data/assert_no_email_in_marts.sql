-- No text of any mart holds an e-mail address. A mart that is not listed here fails, so that none is forgotten.
{%- set marts = [
    'orders', 'customers', 'row_accounting', 'cohort_retention', 'retention_curve', 'repurchase_curve',
    'retention_kpis', 'retention_kpis_by_segment', 'customer_concentration', 'lifecycle_transitions', 'kpi_glossary', 'restatements', 'build',
    'builds', 'check_results',
] %}
{%- set relations = {} %}
{%- for mart in marts %}
    {%- do relations.update({mart: ref(mart)}) %}
{%- endfor %}
{%- set searches = [] %}
{%- if execute %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema == 'marts' %}
        {%- if node.name not in relations %}
            {%- do searches.append("select '" ~ node.name ~ "' as mart, 'not listed in this test' as finding") %}
        {%- else %}
            {%- for column in node.columns.values() if column.data_type == 'string' %}
                {%- do searches.append(
                    "select '" ~ node.name ~ "' as mart, '" ~ column.name ~ "' as finding from " ~ relations[node.name]
                    ~ " where " ~ column.name ~ " like '%_@_%._%'"
                ) %}
            {%- endfor %}
        {%- endif %}
    {%- endfor %}
{%- endif %}
{{ searches | join('\nunion all\n') or "select 'none' as mart, 'nothing was searched' as finding" }}
