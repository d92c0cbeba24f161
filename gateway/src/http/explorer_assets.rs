//! The explorer's files, embedded by `build.rs`. In: a path below `/explorer/`. Out: the file as it is sent. It never
//! reads the disk.

/// A file of the explorer, ready to send with `content-encoding: gzip`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    path: &'static str,
    /// The value of `content-type`.
    pub(crate) content_type: &'static str,
    /// The value of `etag`, quotes included.
    pub(crate) etag: &'static str,
    /// Whether the path changes with the content, so that a browser may keep it for good.
    pub(crate) immutable: bool,
    /// The content, compressed.
    pub(crate) gzip: &'static [u8],
}

/// Everything the explorer may do: run its own script, wear its own style, ask this origin. Both pages work under it.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/explorer_table.rs"));

/// The file at `path`, without a slash in front; the page itself is at the empty path.
pub(crate) fn asset(path: &str) -> Option<Asset> {
    ASSETS.iter().find(|asset| asset.path == path).copied()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn text(asset: Asset) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(asset.gzip).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_page_names_only_files_that_are_embedded() {
        let page = asset("").unwrap();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        let html = text(page);
        let named: Vec<_> =
            html.split("\"/explorer/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!named.is_empty());
        assert!(named.iter().all(|path| asset(path).is_some()), "{named:?}");
    }

    #[test]
    fn the_page_asks_nothing_of_another_host() {
        let html = text(asset("").unwrap());
        assert!(!html.contains("src=\"http") && !html.contains("href=\"http") && !html.contains("\"//"));
        let has_inline_script =
            html.split("<script").skip(1).any(|rest| !rest.split('>').next().unwrap().contains("src="));
        assert!(!has_inline_script, "the policy above refuses inline scripts");
    }

    #[test]
    fn other_paths_are_not_there() {
        assert!(asset("index.html").is_none());
        assert!(asset("../Cargo.toml").is_none());
        assert!(asset("/").is_none());
    }
}
