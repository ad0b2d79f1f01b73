"""The binned likelihood: its terms, minimisation, profiles and intervals."""
