#!/bin/bash
# Command lines as users of `aws s3 sync` have them, in cron jobs and scripts. They run unchanged: on the PATH `aws` is
# `martlet`. Behind each line stands how it has to end and what the bucket and the folder have to hold then.
set -u
. "$(dirname "$0")/harness.sh"
cd
BUCKET=site
BACKUP_BUCKET=backup

# --- Websites ---

write site/index.html home
write site/css/main.css main
write site/css/old.css old
write "site/img/logo 1.png" logo
write site/.git/config git
write shared/terms.html terms
ln -s ../shared/terms.html site/terms.html
put site/theirs.txt "not of the site"

aws s3 sync ~/site s3://$BUCKET --exclude '.git/*'
ended 0
keys site css/main.css css/old.css "img/logo 1.png" index.html terms.html theirs.txt
holds site/terms.html terms
holds "site/img/logo 1.png" logo
says site/css/main.css "content-type: text/css"
files site .git/config css/main.css css/old.css "img/logo 1.png" index.html

# Without --delete nothing is deleted, and nothing comes back into the source.
rm site/css/old.css
aws s3 sync ~/site "s3://${BUCKET}/" --exclude '.git/*' --no-progress
ended 0
holds site/css/old.css old
files site .git/config css/main.css "img/logo 1.png" index.html

pushd site >/dev/null
aws s3 sync . s3://site --delete --exclude ".git/*"
ended 0
popd >/dev/null
keys site css/main.css "img/logo 1.png" index.html terms.html
file site/.git/config git

write public/index.html public
aws s3 sync ./public s3://site/html --acl public-read --cache-control max-age=3600,public
ended 0
says site/html/index.html "cache-control: max-age=3600,public"

aws s3 sync public/ s3://site/de/ --content-type 'text/html; charset=utf-8' --content-language de --metadata-directive REPLACE
ended 0
says site/de/index.html "content-type: text/html; charset=utf-8"
says site/de/index.html "content-language: de"

aws s3 sync ./public s3://site/build --metadata build=42,branch=main --expires 2034-01-01T00:00:00Z
ended 0
says site/build/index.html "x-amz-meta-branch: main"
says site/build/index.html "expires: Sun, 01 Jan 2034 00:00:00 GMT"

# A mirror that somebody else reads, without credentials.
env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY aws s3 sync s3://site/html ./mirror --no-sign-request
ended 0
files mirror index.html
file mirror/index.html public

# --- Backups ---

write photos/2026/a.jpg jpg
write photos/2026/b.png png
write photos/2026/b.xmp notes
nice -n 10 aws s3 sync "$HOME/photos" "s3://$BACKUP_BUCKET/photos" --exclude '*' --include '*.jpg' --include '*.png' --storage-class STANDARD_IA
ended 0
keys backup/photos photos/2026/a.jpg photos/2026/b.png
says backup/photos/2026/a.jpg "x-amz-storage-class: STANDARD_IA"

write "my documents/a & b.txt" documents
aws s3 sync "$HOME/my documents" "s3://$BACKUP_BUCKET/my documents" --sse AES256 --only-show-errors >"$HOME/cron.log" 2>&1
ended 0
says "backup/my documents/a & b.txt" "x-amz-server-side-encryption: AES256"
if grep --quiet upload cron.log; then wrong "--only-show-errors tells more"; fi

write .aws/credentials "$(printf '[work]\naws_access_key_id = embedded\naws_secret_access_key = embedded-secret')"
printf '[profile work]\nregion = eu-central-1\ns3 =\n  max_concurrent_requests = 4\n' >.aws/config
write data/one 1
write data/two 2
aws --profile work --region us-east-1 s3 sync ~/data s3://$BACKUP_BUCKET/data
ended 0
keys backup/data data/one data/two

write data/three 3
aws s3 sync ~/data s3://$BACKUP_BUCKET/data --dryrun >plan
ended 0
keys backup/data data/one data/two
grep --quiet three plan || wrong "the plan does not name the new file"

flock --nonblock ~/.sync.lock aws s3 sync data s3://$BACKUP_BUCKET/data --size-only --page-size 500 --request-payer --quiet
ended 0
keys backup/data data/one data/three data/two

for database in app users; do
  write "dumps/$database/2026-11-20.sql" "$database"
done
for database in app users; do
  aws s3 sync "$HOME/dumps/$database" "s3://${BACKUP_BUCKET}/dumps/${database}" --sse aws:kms --sse-kms-key-id alias/backup
  ended 0
done
says backup/dumps/app/2026-11-20.sql "x-amz-server-side-encryption: aws:kms"
holds backup/dumps/users/2026-11-20.sql users

# Old dumps go on both sides.
write dumps/app/2026-11-21.sql "app, later"
find dumps/app -name '2026-11-20*' -delete && aws s3 sync dumps/app s3://$BACKUP_BUCKET/dumps/app --delete
ended 0
keys backup/dumps/app dumps/app/2026-11-21.sql

# --- The other way ---

aws s3 sync "s3://$BACKUP_BUCKET/data/" "restored/on $(date +%F)/" --exact-timestamps
ended 0
files "restored/on $(date +%F)" one three two

aws s3 sync s3://backup/data ~/replica --delete
ended 0
delete backup/data/two
put backup/data/one "1, changed"
write replica/own own
aws s3 sync s3://backup/data ~/replica
ended 0
files replica one own three two
file replica/one "1, changed"
aws s3 sync s3://backup/data ~/replica --delete --exclude own
ended 0
files replica one own three
aws s3 sync s3://backup/data ~/replica --delete
ended 0
files replica one three
keys backup/data data/one data/three

timeout 600 aws s3 sync --endpoint-url "$AWS_ENDPOINT_URL" s3://backup/photos photos-of-old --exclude '*.png'
ended 0
files photos-of-old 2026/a.jpg

# --- What scripts rely on when it fails ---

aws s3 sync ~/missing s3://backup/x 2>errors
ended 255
grep --quiet missing errors || wrong "the error does not name the folder"

aws s3 sync ~/data s3://no-such-bucket --only-show-errors 2>errors
ended 1
grep --quiet no-such-bucket errors || wrong "the error does not name the bucket"

aws s3 sync ~/data --acl everybody 2>errors
ended 252

echo "$lines lines, $failures failures"
[ "$failures" = 0 ]
