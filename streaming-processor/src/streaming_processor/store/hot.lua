-- Write each window only if it is newer than what stands there: a repeated or late call does no harm.
-- Per key five arguments: window_start_ms, version, mean_milli, covered_s, expected_s.
local written = 0
for i = 1, #KEYS do
  local at = (i - 1) * 5
  local start, version = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local old = redis.call('HMGET', KEYS[i], 'window_start_ms', 'version')
  local old_start = tonumber(old[1] or '-1')
  if old_start < start or (old_start == start and tonumber(old[2] or '0') <= version) then
    redis.call('HSET', KEYS[i], 'window_start_ms', ARGV[at + 1], 'version', ARGV[at + 2],
      'mean_milli', ARGV[at + 3], 'covered_s', ARGV[at + 4], 'expected_s', ARGV[at + 5])
    written = written + 1
  end
end
return written
