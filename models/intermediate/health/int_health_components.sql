{{ health_components(ref('int_health_subjects')) }}
