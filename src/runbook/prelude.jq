# The definitions that expressions may use beside the native filters. None of them recurses without end.
def empty: {}[] as $x | .;
def error: error_empty as $x | .;
def error(message): (message | error_empty) as $x | .;
def tostring: "\(.)";
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def to_entries: [key_values[] as [$key, $value] | { $key, $value }];
def from_entries: reduce (.[] | { (.key // .name): .value }) as $x ({}; . + $x);
def with_entries(f): to_entries | [.[] | f] | from_entries;
def all(cond): all(.[]; cond);
def any(cond): any(.[]; cond);
def all: all(.[]; .);
def any: any(.[]; .);
def isboolean: . == true or . == false;
def isnumber: . > true and . < "";
def isstring: . >= "" and . < [];
def isarray: . >= [] and . < {};
def isobject: . >= {};
def abs: if . < 0 then - . end;
def type:
    if . == null then "null"
  elif isboolean then "boolean"
  elif isnumber then "number"
  elif isstring then "string"
  elif isarray then "array"
  else "object" end;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(isboolean);
def numbers: select(isnumber);
def strings: select(isstring);
def arrays: select(isarray);
def objects: select(isobject);
def iterables: select(. >= []);
def scalars: select(. < []);
def add(f): [f] | add;
def min_by(f): first(min_by_or_empty(f), null);
def max_by(f): first(max_by_or_empty(f), null);
def min: min_by(.);
def max: max_by(.);
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def keys: keys_unsorted | sort;
def flatten($d): if $d > 0 then [.[] | if isarray then flatten($d - 1)[] else . end] else . end;
def flatten: flatten(128);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def split($sep):
  if isstring and ($sep | isstring) then . / $sep
  else error("split takes texts") end;
def capture_of_match: [.[] | select(.name) | { (.name): .string }] | add + {};
def test($re; $flags): check_pattern($re) | matches($re; $flags) | any;
def test($re): test($re; "");
def capture($re; $flags): check_pattern($re) | matches($re; $flags)[] | capture_of_match;
def capture($re): capture($re; "");
def toboolean: if isboolean then . elif . == "true" then true elif . == "false" then false
  else error("neither true nor false") end;
def @text: tostring;
def @json: tojson;
def @uri: tostring | encode_uri;
def @base64: tostring | encode_base64;
def @base64d: tostring | decode_base64;
