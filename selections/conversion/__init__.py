"""Files that are not ROOT's become canonical columns in one RNTuple, some events at a time; and back."""
