"""Upper limits: asymptotic, from toys, and for selections trained on the data."""
