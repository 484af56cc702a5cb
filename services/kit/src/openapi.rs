//! `/openapi.json`: what a service's routes say about themselves, with what the layers around them add to each.

use axum::Json;
use axum::routing::get;
use utoipa::PartialSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Info, OpenApi, Ref, RefOr};

use crate::problem::{Document, MEDIA_TYPE};
use crate::{Routes, Service};

/// Splits documented routes into a router and the document that it serves.
pub(crate) fn serve(service: &Service, routes: Routes) -> axum::Router {
    let (router, mut document) = routes.split_for_parts();
    complete(service, &mut document);
    let document = Json(document);
    router.route("/openapi.json", get(move || async move { document }))
}

/// Adds the title, and to each operation the answers that no handler gives: those of the layers and of lost servers.
fn complete(service: &Service, document: &mut OpenApi) {
    document.info = Info::new(service.name, service.version);
    document.info.description = Some(service.about.to_owned());
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), Document::schema());
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("bearer".to_owned(), bearer.into());
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            let common = common(operation);
            let responses = &mut operation.responses.responses;
            for (status, description) in common {
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
            }
            for (status, response) in responses {
                if let RefOr::T(response) = response
                    && status.as_str() >= "400"
                {
                    *response = problem(&response.description);
                }
            }
        }
    }
}

/// The answers that an operation can give before or instead of its handler.
fn common(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let mut answers = vec![
        ("429", "too many requests from this address"),
        ("500", "a mistake of the service"),
        ("503", "PostgreSQL or Redis does not answer"),
    ];
    if let Some(RefOr::T(body)) = &operation.request_body {
        answers.extend([
            ("400", "the body cannot be read, or a rule says no"),
            ("408", "the body came too slowly"),
            ("413", "the body is too large"),
        ]);
        if body.content.contains_key("application/json") {
            answers.extend([
                ("415", "the body has another media type"),
                ("422", "the body lacks a field, or one has another type"),
            ]);
        }
    } else if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        answers.push(("400", "a parameter has another type, or a rule says no"));
    }
    if operation.security.is_some() {
        answers.push(("401", "no token, or one that is not valid"));
    }
    answers
}

fn problem(description: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}
