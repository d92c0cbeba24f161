-- One body, posted over and over; a line of JSON at the end. Answers are not looked at here, which would take the CPU that
-- the gateway is to have: bench/run compares them before and after, and their mean size.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["content-type"] = "application/json"
file:close()

done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    'SUMMARY {"requests":%d,"seconds":%.6f,"bytes":%d,"failed":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, failed,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
