# What the lines are checked with. The bucket is asked over plain HTTP, past the program.

failures=0
lines=0

# ended STATUS: how the line before it ended.
ended() {
  local status=$?
  lines=$((lines + 1))
  [ "$status" = "$1" ] || wrong "ended with $status, not with $1"
}

wrong() {
  failures=$((failures + 1))
  echo "line $lines (${BASH_LINENO[*]: -2:1}): $*"
}

# request METHOD TARGET [BODY] [SERVICE]: the reply as it comes. The server reads nothing but the service in a signature.
request() {
  local scope="Credential=a/20260101/us-east-1/${4:-s3}/aws4_request"
  exec 3<>"/dev/tcp/$TEST_HOST/$TEST_PORT" || exit 99
  printf '%s %s HTTP/1.0\r\nHost: %s:%s\r\nContent-Length: %s\r\nAuthorization: %s\r\n\r\n%s' "$1" "$2" \
    "$TEST_HOST" "$TEST_PORT" "$(printf %s "${3-}" | wc -c)" "AWS4-HMAC-SHA256 $scope, Signature=0" "${3-}" >&3
  cat <&3
  exec 3>&-
}

# Keys as a URL wants them; those of the lines have no other odd characters.
encoded() { printf %s "${1// /%20}"; }

put() { request PUT "/$(encoded "$1")" "$2" >/dev/null; }
delete() { request DELETE "/$(encoded "$1")" >/dev/null; }

# holds BUCKET/KEY TEXT: the object has this content.
holds() {
  local reply
  reply=$(request GET "/$(encoded "$1")")
  [ "${reply#*$'\r\n\r\n'}" = "$2" ] || wrong "s3://$1 does not hold “$2”: ${reply:0:300}"
}

# keys BUCKET[/PREFIX] KEY…: what the bucket has there, in order, and nothing else.
keys() {
  local prefix= wanted found
  case $1 in */*) prefix=${1#*/} ;; esac
  found=$(request GET "/${1%%/*}?list-type=2&prefix=$(encoded "$prefix")" | grep -o '<Key>[^<]*' | sed 's/<Key>//')
  shift
  wanted=$(printf '%s\n' "$@")
  [ "$found" = "$wanted" ] || wrong "the bucket has $(echo $found), not $*"
}

# says BUCKET/KEY HEADER: the object goes with this header.
says() {
  request HEAD "/$(encoded "$1")" | tr -d '\r' | grep --quiet --ignore-case --fixed-strings --line-regexp "$2" ||
    wrong "s3://$1 lacks “$2”"
}

# file PATH TEXT
file() {
  [ "$(cat "$1" 2>/dev/null)" = "$2" ] || wrong "$1 does not hold “$2”"
}

# files FOLDER NAME…: what the folder has, in order, and nothing else.
files() {
  local found wanted
  found=$(cd "$1" && find . -type f -not -path './.martlet/*' -printf '%P\n' | LC_ALL=C sort)
  shift
  wanted=$(printf '%s\n' "$@")
  [ "$found" = "$wanted" ] || wrong "the folder has $(echo $found), not $*"
}

# invalidated DISTRIBUTION COUNT: how many times CloudFront was told so far.
invalidated() {
  local found
  found=$(request GET "/2020-05-31/distribution/$1/invalidation" '' cloudfront | grep -o '<InvalidationSummary>' | wc -l)
  [ "$found" = "$2" ] || wrong "CloudFront was told $found times, not $2"
}

# write PATH TEXT
write() {
  mkdir -p "$(dirname "$1")"
  printf %s "$2" >"$1"
}

# until_there PATH: waits for a file that a program in the background makes.
until_there() {
  local tries=0
  until [ -e "$1" ]; do
    tries=$((tries + 1))
    [ $tries -lt 1000 ] || { wrong "$1 never came"; return 1; }
    sleep 0.03
  done
}
