//! Bearer tokens: an exchange whose token is refused is made once more with another one, and a token that is refused although it
//! is fresh is not renewed without end.

use std::rc::Rc;

use stalemate_wire::marks::took;

use super::exchange::Answer;
use super::failure::Failure;
use super::http::{Conn, Head};
use super::knobs::TokenRenewal;
use super::reinit::OF;
use super::session::Core;

impl Core {
    /// Sends one message on `conn`. With `expected`, waits for the response with that id; without, the body is a
    /// notification or a response, and any success will do (POST-04). Where its token is refused, it is sent once more with
    /// another one: a request that is refused so has not run.
    pub(super) async fn exchange(
        self: &Rc<Self>,
        conn: Conn,
        head: &Head,
        body: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<Answer, Failure> {
        let again = self.http.token(self.policy.token_renewal);
        let again = again.map(|_| body.clone());
        let is_last = again.is_none();
        match self
            .exchange_once(conn, head, body, expected, is_last)
            .await?
        {
            Some(answer) => Ok(answer),
            None => {
                let conn = self.connection().await?;
                let body = again.unwrap_or_default();
                let answer = self.exchange_once(conn, head, body, expected, true).await?;
                answer.ok_or(Failure::Unknown("no response"))
            }
        }
    }

    /// Whether there is another token than that one, which was refused. A fresh one that is refused too is not renewed again
    /// before a request went well: it is not the token then.
    pub(super) fn renews(&self, refused: Option<&str>) -> bool {
        let renewal = self.policy.token_renewal;
        let Some(refused) = refused else { return false };
        if self.http.token(TokenRenewal::OnConnect).as_deref() == Some(refused) {
            let state = &mut self.state.borrow_mut();
            if std::mem::replace(&mut state.is_renewed, true) {
                took(OF, "a fresh token that is refused is not replaced");
                return false;
            }
        }
        let renews = self.http.renews(refused, renewal);
        if renews {
            took(OF, "a refused token is replaced");
        }
        renews
    }

    /// A request went well with its token.
    pub(super) fn token_served(&self) {
        self.state.borrow_mut().is_renewed = false;
    }
}
