/**
 * Why a line is rejected. The position in this list is the code that crosses between threads
 * within one run; on disk a reason stands by its name (cache/FORMAT.md section 6).
 *
 * `truncated_before_X`: the line ends before field X. `invalid_X`: field X is there and is not
 * what the log grammar allows.
 */
export const REASONS = [
  'accepted',
  'truncated_before_bucket_owner',
  'truncated_before_bucket',
  'truncated_before_time',
  'truncated_before_remote_ip',
  'truncated_before_requester',
  'truncated_before_request_id',
  'truncated_before_operation',
  'truncated_before_key',
  'truncated_before_request_uri',
  'truncated_before_http_status',
  'truncated_before_error_code',
  'truncated_before_bytes_sent',
  'truncated_before_object_size',
  'truncated_before_total_time',
  'truncated_before_turn_around_time',
  'truncated_referer_or_user_agent',
  'invalid_time',
  'invalid_remote_ip',
  'invalid_operation',
  'invalid_key',
  'key_bad_percent_escape',
  'request_uri_not_quoted',
  'invalid_request_uri',
  'ambiguous_request_uri',
  'invalid_http_status',
  'invalid_error_code',
  'invalid_bytes_sent',
  'invalid_object_size',
  'invalid_total_time',
  'invalid_turn_around_time',
  'two_records_in_one_line',
  'line_too_long',
  'structured_not_json',
  'structured_unknown_version',
  'structured_invalid_field',
] as const;

export type Reason = (typeof REASONS)[number];

/** Reason name -> code. */
export const REASON = Object.fromEntries(REASONS.map((name, code) => [name, code])) as Record<
  Reason,
  number
>;

/**
 * Oddities of lines that count all the same, and at the end why lines are skipped that would be kept
 * otherwise; the position is the bit in a line's set of notes.
 */
export const NOTES = [
  'multiple_spaces',
  'multiple_spaces_before_requester',
  'zone_not_utc',
  'requester_with_spaces',
  'request_uri_without_protocol',
  'key_target_mismatch',
  'trailing_space',
  'crlf',
  'syslog_prefix',
  'tail_not_recognised',
  'extra_trailing_fields',
  'key_not_content',
  'address_skipped',
  'dropped_by_pipeline',
] as const;

export type Note = (typeof NOTES)[number];

/** Note name -> its bit. */
export const NOTE = Object.fromEntries(NOTES.map((name, bit) => [name, 1 << bit])) as Record<
  Note,
  number
>;
