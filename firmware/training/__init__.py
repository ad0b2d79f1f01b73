"""Training of trigger networks, quantised from the first step on."""
