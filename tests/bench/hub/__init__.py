"""The live channel under many clients."""
