# Parsing alone, as one would write it by hand: of every successful GET of an object its key, time (seconds
# since 1970, UTC), address, bytes, status and operation. Nothing is kept but counts, hardly any line refused.
# Fields are found from both ends of what stands before the request line, because requesters may hold
# spaces; the request line ends at its protocol, because its target may hold quotes.
BEGIN {
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names, " ")
  for (number in names) months[names[number]] = number
}
{
  quote = index($0, " \"")
  fields = split(substr($0, 1, quote - 1), head, " ")
  operation = head[fields - 1]
  if (operation != "REST.GET.OBJECT") next
  rest = substr($0, quote + 2)
  protocol = match(rest, / HTTP\/[0-9.]+" /)
  if (!protocol) next
  split(substr(rest, protocol + RLENGTH, 60), numbers, " ")
  status = numbers[1]
  if (status !~ /^2[0-9][0-9]$/) next
  sent = numbers[3]
  if (sent !~ /^([0-9]+|-)$/) next
  time = seconds(head[3], head[4])
  address = head[5]
  key = head[fields]
  kept++
  bytes += sent
  if (status == 200) downloads++
}
END { printf "%d %d %.0f %d\n", NR, kept, bytes, downloads }

# `[06/Feb/2019:00:00:38` and `+0000]`; mktime is asked once for every day.
function seconds(stamp, zone,   day, text, total) {
  day = substr(stamp, 2, 11)
  if (!(day in days)) {
    text = substr(day, 8) " " months[substr(day, 4, 3)] " " substr(day, 1, 2) " 00 00 00"
    days[day] = mktime(text, 1)
  }
  total = days[day] + substr(stamp, 14, 2) * 3600 + substr(stamp, 17, 2) * 60 + substr(stamp, 20, 2)
  if (zone == "+0000]") return total
  return total - (substr(zone, 1, 1) "1") * (substr(zone, 2, 2) * 3600 + substr(zone, 4, 2) * 60)
}
