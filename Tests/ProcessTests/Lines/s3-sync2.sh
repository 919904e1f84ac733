#!/bin/bash
# Command lines as users of s3-sync2 have them, in scripts and entry points of containers. They run unchanged: on the
# PATH `s3-sync2` is the link that `make install` makes. Behind each line stands how it has to end and what the bucket
# and the folder have to hold then.
set -u
. "$(dirname "$0")/harness.sh"
cd
write photos/2026/b.png png
write public/index.html public

# --- Once ---

write html/index.html index
put web/two-way/from-there there
s3-sync2 --poll 0 ~/html s3://web/two-way
ended 0
keys web/two-way two-way/from-there two-way/index.html
file html/from-there there

# Without --delete what is missing on one side comes back from the other.
rm html/index.html
delete web/two-way/from-there
s3-sync2 -p 0 s3://web/two-way ~/html
ended 0
file html/index.html index
holds web/two-way/from-there there

write first/both local
put web/first/both remote
s3-sync2 -i -p 0 "$HOME/first" s3://web/first
ended 0
file first/both remote

write second/both local
put web/second/both remote
s3-sync2 --init-sync-up --poll 0 "$HOME/second" s3://web/second
ended 0
holds web/second/both local

LOCAL_PATH="$HOME/html" S3_URI=s3://web/env POLL_INTERVAL=0 DEBUG=ERROR DFS=0 s3-sync2
ended 0
holds web/env/from-there there

rm html/from-there
LOCAL_PATH="$HOME/html" s3-sync2 -p 0 s3://web/env --sync-opt-up-delete --sync-opt-up-acl bucket-owner-full-control
ended 0
keys web/env env/index.html

write desk/cache/x cached
write desk/a.log log
write desk/kept kept
s3-sync2 -p 0 ~/desk s3://vault/desk --sync-opt-down-delete --exclude 'cache/*' --exclude '*.log'
ended 0
keys vault/desk desk/kept

s3-sync2 --debug DEBUG --color off --sse AES256 --storage-class INTELLIGENT_TIERING -p 0 ~/photos s3://vault/smart 2>log
ended 0
says vault/smart/2026/b.png "x-amz-storage-class: INTELLIGENT_TIERING"
grep --quiet debug log || wrong "--debug DEBUG tells nothing more"

s3-sync2 -p 9999 ~/nowhere s3://web/x 2>errors
ended 1

# --- CloudFront ---

s3-sync2 -p 0 -c "$DISTRIBUTION" --cf-inval-paths '/*' ~/public s3://web/cf
ended 0
invalidated "$DISTRIBUTION" 1

CF_DISTRIBUTION_ID=$DISTRIBUTION CF_INVALIDATION_PATHS='/images/* /index.html' s3-sync2 --cf-inval-always -p 0 ~/copy-of-cf s3://web/cf 2>errors
ended 1
mkdir copy-of-cf
CF_DISTRIBUTION_ID=$DISTRIBUTION CF_INVALIDATION_PATHS='/images/* /index.html' s3-sync2 --cf-inval-always -p 0 ~/copy-of-cf s3://web/cf
ended 0
file copy-of-cf/index.html public
invalidated "$DISTRIBUTION" 2

# --- In the background, as in containers and units ---

# The line of an entry point; what else the test needs comes through the environment.
export LOCAL_PATH="$HOME/volume" S3_URI=s3://vault/volume MARTLET_READY_FILE="$HOME/ready"
mkdir volume
put vault/volume/there there
(exec s3-sync2 --delete --max-failures 5 --poll 3600) &
until_there ready
file volume/there there
write volume/here here
kill -TERM $!
wait $!
ended 0
holds vault/volume/here here
unset LOCAL_PATH S3_URI

rm ready
s3-sync2 --md5-skip-path "$HOME/desk/cache|$HOME/desk/tmp" --exclude 'cache/*' -x 0 ~/desk s3://vault/desk --region us-east-1 &
until_there ready
write desk/late late
kill -INT $!
wait $!
ended 0
holds vault/desk/late late

echo "$lines lines, $failures failures"
[ "$failures" = 0 ]
