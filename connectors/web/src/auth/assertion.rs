//! A client's private key in; signed statements of who the client is (RFC 7523 §2.2, `private_key_jwt`) out. The key is never printed.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use raccordo_connector_api::Failure;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

/// How long a statement is good for. Long enough for clocks that differ, short enough to be of no use to a thief.
const LIFE_S: u64 = 120;

/// Signs statements.
pub(crate) struct Signer {
    key: Key,
    key_id: Option<Box<str>>,
}

enum Key {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding, &'static str),
    P256(EcdsaKeyPair),
}

impl Signer {
    /// Reads a key. `algorithm` is `auto`, `RS256`, `PS256` or `ES256`.
    ///
    /// # Errors
    /// What was expected, and how to come to it.
    pub(crate) fn read(pem: &str, algorithm: &str, key_id: Option<&str>) -> Result<Self, &'static str> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(
            |_| "it holds no private key in PEM: it begins with `-----BEGIN PRIVATE KEY-----` and isn't encrypted",
        )?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
            _ => None,
        };
        let key = match (rsa, algorithm) {
            (Some(key), "auto" | "RS256") => Key::Rsa(key, &RSA_PKCS1_SHA256, "RS256"),
            (Some(key), "PS256") => Key::Rsa(key, &RSA_PSS_SHA256, "PS256"),
            (Some(_), _) => return Err("an RSA key signs with RS256 or PS256"),
            (None, "RS256" | "PS256") => {
                return Err("RS256 and PS256 want an RSA key of 2048 to 8192 bits");
            }
            (None, _) => Key::P256(elliptic(&der)?),
        };
        Ok(Self { key, key_id: key_id.map(Into::into) })
    }

    /// A statement of `client` for `audience`, good from now on, for a short time and once.
    ///
    /// # Errors
    /// `Internal`, when the system gives no random numbers.
    pub(crate) fn assertion(&self, client: &str, audience: &str) -> Result<String, Failure> {
        let unsigned = || Failure::internal("the statement for the token endpoint can't be signed");
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(|_| unsigned())?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| unsigned())?.as_secs();
        let algorithm = match &self.key {
            Key::Rsa(_, _, name) => name,
            Key::P256(_) => "ES256",
        };
        let header = match &self.key_id {
            Some(key_id) => json!({ "alg": algorithm, "typ": "JWT", "kid": key_id }),
            None => json!({ "alg": algorithm, "typ": "JWT" }),
        };
        let claims = json!({
            "iss": client, "sub": client, "aud": audience,
            "jti": URL_SAFE_NO_PAD.encode(number), "iat": now, "exp": now + LIFE_S,
        });
        let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.sign(text.as_bytes()).ok_or_else(unsigned)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key, encoding, _) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*encoding, &random, text, &mut signature).ok()?;
                Some(signature)
            }
            Key::P256(key) => key.sign(&random, text).ok().map(|signature| signature.as_ref().to_vec()),
        }
    }
}

fn elliptic(der: &PrivateKeyDer<'_>) -> Result<EcdsaKeyPair, &'static str> {
    let old = "an EC key in the old form: convert it by `openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW`";
    let PrivateKeyDer::Pkcs8(der) = der else { return Err(old) };
    let key = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        der.secret_pkcs8_der(),
        &SystemRandom::new(),
    );
    key.map_err(|_| "expected an RSA key of 2048 to 8192 bits, or an EC key on P-256")
}
