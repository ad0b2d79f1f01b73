"""What the stages of the trigger leave for each other, by name."""

EVENTS = "events.root"
MODEL = "model"
FIRMWARE = "firmware.json"
