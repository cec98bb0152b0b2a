{{ health_scores(ref('int_health_components')) }}
