import Testing

@testable import AWSKit

@Suite struct ServiceEndpointTests {
  /// As botocore answers.
  @Test(
    arguments: [
      ("sts", "eu-west-1", false, "https://sts.eu-west-1.amazonaws.com"),
      ("sts", nil, false, "https://sts.amazonaws.com"),
      ("sts", nil, true, "https://sts-fips.us-east-1.amazonaws.com"),
      ("sts", "cn-north-1", false, "https://sts.cn-north-1.amazonaws.com.cn"),
      ("sts", "us-gov-west-1", true, "https://sts.us-gov-west-1.amazonaws.com"),
      ("portal.sso", "us-east-1", true, "https://portal.sso-fips.us-east-1.amazonaws.com"),
      ("portal.sso", "eu-west-1", false, "https://portal.sso.eu-west-1.amazonaws.com"),
      ("oidc", "us-iso-east-1", false, "https://oidc.us-iso-east-1.c2s.ic.gov"),
    ] as [(String, String?, Bool, String)])
  func hosts(host: String, region: String?, isFIPS: Bool, url: String) throws {
    let settings = try AWSSettings(environment: ["AWS_USE_FIPS_ENDPOINT": isFIPS ? "true" : ""])
    #expect(try settings.endpoint(of: "STS", host: host, region: region).url == url)
  }

  @Test(arguments: ["STS", "SSO", "SSO_OIDC"]) func configured(service: String) throws {
    let settings = try AWSSettings(environment: [
      "AWS_ENDPOINT_URL_\(service)": "http://h:1/base/", "AWS_ENDPOINT_URL": "http://all",
    ])
    #expect(try settings.endpoint(of: service, host: "x", region: "r").url == "http://h:1/base")
    #expect(try settings.endpoint(of: "OTHER", host: "x", region: "r").url == "http://all")
  }
}
