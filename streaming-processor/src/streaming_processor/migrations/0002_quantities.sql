-- What meters and weather stations report besides power.
INSERT INTO quantities VALUES
    (6, 'reactive_power'), (7, 'apparent_power'), (8, 'voltage'), (9, 'current'), (10, 'frequency'),
    (11, 'power_factor'), (12, 'energy_import_register'), (13, 'energy_export_register'),
    (14, 'relative_humidity'), (15, 'air_pressure'), (16, 'wind_direction'), (17, 'precipitation'),
    (18, 'cloud_cover');
