-- Write each vector only if it is newer than what stands there: a repeated or late call does no harm.
-- ARGV[1] is the time to live in ms; then per key three arguments: issued_at_ms, version, vector (JSON).
local written = 0
for i = 1, #KEYS do
  local at = (i - 1) * 3 + 1
  local issued, version = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local old = redis.call('HMGET', KEYS[i], 'issued_at_ms', 'version')
  local old_issued = tonumber(old[1] or '-1')
  if old_issued < issued or (old_issued == issued and tonumber(old[2] or '0') <= version) then
    redis.call('HSET', KEYS[i], 'issued_at_ms', ARGV[at + 1], 'version', ARGV[at + 2], 'vector', ARGV[at + 3])
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
    written = written + 1
  end
end
return written
