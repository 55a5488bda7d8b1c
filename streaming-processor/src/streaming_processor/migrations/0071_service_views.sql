-- The same rows for the services, whose queries are their own: without security_barrier, so that a query is planned as
-- one with its view. A barrier, which people's queries need, would read every series of the tenant to show one.
CREATE VIEW own_windows AS
  SELECT s.series_id, w.width_s, w.window_start, w.weighted_sum, w.covered_s, w.width_s * w.inputs AS expected_s,
         w.count, w.min_milli, w.max_milli, w.mean_milli, w.version, w.updated_at,
         CASE WHEN s.unit IN ('W', 'var', 'V.A') THEN w.weighted_sum / 3600 END AS energy_milli
  FROM window_rows w JOIN series s USING (series_no)
  WHERE s.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW own_reading_rows AS
  SELECT r.device_no, r.period_start, r.period_s, l.quality, r.stored_at
  FROM reading_rows r JOIN devices d USING (device_no) JOIN qualities l USING (quality_no)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW own_refused AS
  SELECT x.device_id, x.period_start, x.reason FROM refused x JOIN devices d USING (device_id)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW own_quality_hits AS
  SELECT h.device_no, h.period_start, h.rule FROM quality_hits h JOIN devices d USING (device_no)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
GRANT SELECT ON own_windows, own_reading_rows, own_refused, own_quality_hits TO gridseal_service;
