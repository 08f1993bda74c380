# A client without an SDK. It keeps its session id for ever, which is the fault that most clients have.
use strict; use warnings; use JSON::PP; use IO::Socket::INET;
$| = 1;
my ($json, $host, $path, $session, $number) = (JSON::PP->new->canonical, '', '', undef, 0);

sub post {                                     # sends a message, and returns the answer's JSON-RPC message
    my $body = $json->encode({ jsonrpc => '2.0', %{ $_[0] } });
    my $socket = IO::Socket::INET->new(PeerHost => $host, PeerPort => 80) or die "cannot connect: $!\n";
    my $more = $session ? "Mcp-Session-Id: $session\r\nMCP-Protocol-Version: 2025-11-25\r\n" : '';
    print $socket "POST $path HTTP/1.1\r\nHost: $host\r\nContent-Type: application/json\r\n"
        . "Accept: application/json, text/event-stream\r\nConnection: close\r\n${more}Content-Length: "
        . length($body) . "\r\n\r\n$body";
    my $answer = do { local $/; <$socket> } // '';
    my ($status) = $answer =~ m{^HTTP/1\.1 (\d+)} or die "the connection broke\n";
    die "status $status\n" if $status >= 300;
    $session = $1 if $answer =~ /^mcp-session-id: *(\S+)/im;
    my ($found) = $answer =~ /^(?:data: ?)?(\{.*\})\s*$/m or return;
    my $reply = $json->decode($found);
    die "$reply->{error}{message}\n" if $reply->{error};
    return $reply->{result};
}
sub request { post({ id => ++$number, method => $_[0], params => $_[1] }) }

my %operations = (
    connect => sub {
        ($host, $path) = $_[0]{url} =~ m{^http://([^/]+)(/.*)$}; $session = undef;
        request('initialize', { protocolVersion => '2025-11-25', capabilities => {}, clientInfo => { name => 'perl', version => '1' } });
        post({ method => 'notifications/initialized' }); 1;
    },
    list_tools => sub { [map { $_->{name} } @{ request('tools/list', {})->{tools} }] },
    call_tool  => sub { request('tools/call', { name => $_[0]{name}, arguments => $_[0]{arguments} })->{content}[0]{text} },
    request    => sub { $json->encode(request($_[0]{method}, $_[0]{params})) },
    disconnect => sub { $session = undef; 1 },
);
print "{\"ready\":1}\n";
while (my $line = <STDIN>) {
    my $told = $json->decode($line);
    my $result = eval { $operations{ $told->{op} }->($told) };
    print $json->encode({ id => $told->{id}, $@ ? (error => $@ =~ s/\n//r) : (ok => $result) }), "\n";
}
