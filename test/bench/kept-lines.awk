# What one would write by hand: count kept lines and their bytes, nothing else.
{
  n = split(substr($0, 1, index($0, "\"") - 1), head, " ")
  if (head[n - 1] == "REST.GET.OBJECT" &&
      match($0, / HTTP\/[0-9.]+" (2[0-9][0-9]) ([A-Za-z]+|-) ([0-9]+|-) /, field)) {
    kept++
    bytes += field[3]
  }
}
END { printf "%d %.0f\n", kept, bytes }
