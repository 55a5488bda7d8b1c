-- Write each window only if it is not older than what stands there: a repeated or late call does no harm.
-- ARGV[1] is the time to live in seconds, ARGV[i + 1] the value of KEYS[i]. A value starts with window start and
-- version in fixed width, so that texts compare like the numbers.
local ttl = ARGV[1]
local standing = redis.call('MGET', unpack(KEYS))
local written = 0
for i = 1, #KEYS do
  local new, old = ARGV[i + 1], standing[i]
  if not old or string.sub(old, 1, 24) <= string.sub(new, 1, 24) then
    redis.call('SET', KEYS[i], new, 'EX', ttl)
    written = written + 1
  end
end
return written
