"""Messages that cross a service boundary: one file per family, ``codec`` is the only parser.

Quantities are whole numbers wherever they are hashed, settled or summed. ``*_milli`` is
thousandths of the base unit of its quantity (mW, mm/s, m°C, mW/m²).
"""
