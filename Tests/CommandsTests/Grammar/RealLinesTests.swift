import ArgumentParser
import Testing

@testable import Commands

/// Lines as users of s3-sync2 and of cron jobs with `aws s3 sync` have them, with nothing changed but the program.
@Suite struct RealLinesTests {
  @Test(arguments: [
    "/var/www s3://site",
    "/var/www s3://site/html --delete",
    "s3://site/html /var/www",
    "/var/www/ s3://site/html/ --delete --acl public-read --cache-control max-age=3600",
    "/srv/data s3://backup/data --storage-class STANDARD_IA --only-show-errors",
    "/srv/data s3://backup/data --sse aws:kms --sse-kms-key-id alias/backup",
    "/srv/data s3://backup/data --sse --no-progress",
    "/srv/data s3://backup --exclude '*' --include '*.jpg' --include '*.png'",
    "/srv/data s3://backup --exclude '*.tmp' --exclude '.git/*' --dryrun",
    "/srv/data s3://backup --size-only --quiet",
    "s3://backup /srv/data --exact-timestamps --region eu-west-1",
    "/srv/data s3://backup --profile work --region eu-central-1 --delete",
    "/srv/data s3://backup --endpoint-url http://127.0.0.1:9000",
    "/www s3://site --content-type text/html --content-language de --metadata-directive REPLACE",
    "/www s3://site --grants read=uri=http://acs.amazonaws.com/groups/global/AllUsers full=id=abc",
    "/www s3://site --expires 2034-01-01T00:00:00Z --content-encoding gzip --no-guess-mime-type",
    "/www s3://site --metadata build=42,branch=main",
    "/data s3://b --no-follow-symlinks --page-size 500 --request-payer requester",
  ]) func ofTheAWSCLI(_ line: String) throws {
    let translation = ArgumentTranslationTests.translate(line, .aws)
    #expect(translation.problems == [])
    _ = try SyncInvocation.ofTheAWSCLI(SyncOptions.parse(translation.arguments), environment: [:])
  }

  @Test(
    arguments: [
      ("/var/www/html s3://bucket/html", [:]),
      ("s3://bucket/html /var/www/html -p 10", [:]),
      ("-i --delete /var/www/html s3://bucket/html", [:]),
      ("--init-sync-down --poll 60 --max-failures 5 /data s3://bucket", [:]),
      ("-u -p 0 /data s3://bucket", [:]),
      ("-c EDFDVBD6EXAMPLE --cf-inval-paths '/*' /www s3://bucket", [:]),
      ("--cf-dist-id EDFDVBD6EXAMPLE --cf-inval-always --cf-inval-paths '/images/* /index.html' /www s3://bucket", [:]),
      ("--debug /data s3://bucket", [:]),
      ("--debug DEBUG --region us-west-2 --profile prod /data s3://bucket/a/b", [:]),
      ("/data s3://bucket --sync-opt-up-delete --sync-opt-up-acl bucket-owner-full-control", [:]),
      ("/data s3://bucket --sync-opt-down-delete --exclude 'cache/*' --exclude '*.log'", [:]),
      ("--md5-skip-path '/data/cache|/data/tmp' --exclude 'cache/*' -x 0 /data s3://bucket", [:]),
      ("--color off --sse AES256 --storage-class INTELLIGENT_TIERING /data s3://bucket", [:]),
      ("", ["LOCAL_PATH": "/data", "S3_URI": "s3://bucket/x", "POLL_INTERVAL": "15", "DEBUG": "ERROR", "DFS": "0"]),
      ("--delete", ["LOCAL_PATH": "/data", "S3_URI": "s3://bucket", "CF_DISTRIBUTION_ID": "E1"]),
    ] as [(String, [String: String])]) func ofS3Sync2(_ line: String, _ variables: [String: String]) throws
  {
    _ = try S3Sync2InvocationTests.invocation(line, variables)
  }
}
