const BACKSLASH: i8 = 0x5c;

/** Whether a range holds nothing but ASCII, no NUL and no backslash: then text is copied as it is. */
export function isPlain(start: usize, end: usize): bool {
  let odd = i8x16.splat(0);
  let i = start;
  for (; i + 16 <= end; i += 16) odd = v128.or(odd, oddBytes(i));
  if (v128.any_true(odd)) return false;
  const rest = end - i;
  const wanted: u32 = ((<u32>1) << (<u32>rest)) - 1;
  return (i8x16.bitmask(oddBytes(i)) & wanted) === 0;
}

/** All above ASCII, NUL among them, are negative or zero as signed numbers. */
function oddBytes(at: usize): v128 {
  const bytes = v128.load(at);
  return v128.or(i8x16.le_s(bytes, i8x16.splat(0)), i8x16.eq(bytes, i8x16.splat(BACKSLASH)));
}
