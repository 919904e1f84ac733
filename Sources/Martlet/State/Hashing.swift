import Checksums
import Digests

/// The SHA-256 of the text's UTF-8, in hexadecimal.
func hexDigest(_ text: String) -> String { Hex.encode(SHA256Digest.digest(Array(text.utf8))) }
