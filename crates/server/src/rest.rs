//! The REST interface: Flink's paths, fields, types and status codes, with and without `/v1`, and a few more of our own.
//!
//! | module | what it does |
//! |---|---|
//! | `resources` | handlers: what can be asked for, one kind of thing a module |
//! | `answers` | bodies, made of the registry's views by pure functions |
//! | `params`, `body`, `lenient`, `program_arguments` | requests, read with Flink's words for what can't be read |
//! | `errors`, `java_throwable` | errors as answers |
//! | `access`, `tokens`, `audit`, `secrets` | who may ask, who has asked, and what nobody is told |
//! | `listen`, `connections`, `handshakes`, `tls`, `settings` | connections, their limits and their encryption |
//! | `pace`, `time_limit`, `layers` | how slowly a body may come, how long an answer may take, and what each of them goes through |
//! | `openapi`, `prometheus` | the document of the interface, and metrics as text |

mod access;
mod answers;
mod audit;
mod body;
mod connections;
mod errors;
mod handshakes;
mod java_throwable;
mod layers;
mod lenient;
mod listen;
mod names;
mod openapi;
mod pace;
mod params;
mod proc;
mod program_arguments;
mod prometheus;
mod resources;
mod secrets;
mod settings;
mod time_limit;
mod tls;
mod tokens;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::{Router, middleware};
use millstream_core::codes;
use tower_http::normalize_path::NormalizePath;
use utoipa_axum::router::OpenApiRouter;

use crate::letters::Letters;
use crate::registry::Registry;
use audit::Refusals;
use errors::RestError;
use names::Names;

pub use listen::serve;
pub use settings::RestSettings;
pub(crate) use tokens::Tokens;

/// Bodies other than uploads are no longer than this, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What every handler knows; cloning is cheap.
#[derive(Clone)]
pub(crate) struct App {
    registry: Registry,
    settings: Arc<RestSettings>,
    names: Arc<Names>,
    refusals: Arc<Refusals>,
    letters: Letters,
    /// The OpenAPI document as JSON.
    document: Bytes,
}

/// The router of the REST interface.
fn router(registry: Registry, settings: RestSettings, refusals: Arc<Refusals>) -> Router {
    let (routes, document) = documented(&settings).split_for_parts();
    let app = App {
        registry,
        refusals,
        letters: Letters::default(),
        names: Arc::new(Names::new(names::host())),
        document: openapi::complete(document).into(),
        settings: Arc::new(settings),
    };
    let routes = routes
        .method_not_allowed_fallback(wrong_method)
        .with_state(app.clone());
    let inner = Router::new()
        .nest("/v1", routes.clone())
        .merge(routes)
        .fallback(unknown_path);
    // A path may end with `/`, as Flink's may.
    let inner = Router::new().fallback_service(NormalizePath::trim_trailing_slash(inner));
    let limited = inner
        .layer(middleware::from_fn(layers::catch_panics))
        .layer(middleware::from_fn_with_state(app.clone(), pace::hold))
        .layer(middleware::from_fn_with_state(app.clone(), access::guard));
    let shared = match access::cross_origin(&app.settings) {
        Some(layer) => limited.layer(layer),
        None => limited,
    };
    shared
        .layer(middleware::from_fn(access::plain_errors))
        .layer(middleware::map_response(layers::name_charset))
        .layer(middleware::from_fn(layers::take_turns))
}

/// Every route with its documentation.
fn documented(settings: &RestSettings) -> OpenApiRouter<App> {
    let largest_upload = usize::try_from(settings.largest_upload).unwrap_or(usize::MAX);
    let quick = OpenApiRouter::new()
        .merge(resources::cluster::routes())
        .merge(resources::applications::routes())
        .merge(resources::jobs::routes())
        .merge(resources::rescales::routes())
        .merge(resources::vertices::routes())
        .merge(resources::checkpoints::routes())
        .merge(resources::operations::routes())
        .merge(resources::metrics::routes())
        .merge(resources::probes::routes())
        .merge(resources::processes::routes())
        .merge(resources::logs::routes())
        .merge(resources::files::routes())
        .merge(resources::dead_letters::routes())
        .merge(resources::settings::routes())
        .merge(resources::packages::routes())
        .merge(prometheus::routes())
        .merge(openapi::routes());
    let runs = resources::run::routes();
    OpenApiRouter::new()
        .merge(time_limit::limited(quick))
        .merge(time_limit::limited_beyond(settings.start_limit, runs))
        .merge(resources::packages::upload_routes(largest_upload))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

async fn unknown_path(uri: Uri) -> RestError {
    RestError::not_found(
        format!("Unable to load requested file {}.", uri.path()),
        "all paths are in the OpenAPI document at /openapi.json",
    )
}

async fn wrong_method(uri: Uri) -> RestError {
    RestError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        &codes::REQUEST,
        format!("{} can't be asked for by this method.", uri.path()),
        "use one of those that the header Allow names",
    )
}
