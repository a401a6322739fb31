using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;
using static QwenSharp.Gateway.Tests.Routing.FakeDestination;

namespace QwenSharp.Gateway.Tests.Routing;

public class RouterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static RouteRequest Request =>
        new(() => Task.FromResult(new RouteCall([new ChatMessage(ChatRole.User, "Hi")], new ChatOptions())));

    [Fact]
    public async Task The_first_that_can_answers_and_the_others_are_not_asked()
    {
        FakeDestination a = new("a"), b = new("b");
        (string said, RouteTrail trail) = await AskAsync(new RouteSettings("r", Targets("a", "b")), a, b);
        Assert.Equal(("a", "route=r; target=local/a", 0), (said, $"{trail}", b.Asked));
    }

    [Theory]
    [InlineData(ProviderErrorKind.Overloaded)]
    [InlineData(ProviderErrorKind.Connection)]
    [InlineData(ProviderErrorKind.Throttled)]
    [InlineData(ProviderErrorKind.AuthInvalid)]
    [InlineData(ProviderErrorKind.Billing)]
    [InlineData(ProviderErrorKind.ContextTooLong)]
    [InlineData(ProviderErrorKind.NotFound)]
    [InlineData(ProviderErrorKind.UnsupportedParameter)]
    public async Task Who_cannot_answer_leaves_it_to_the_next(ProviderErrorKind kind)
    {
        FakeDestination a = new("a", Failure(kind)), b = new("b");
        (string said, RouteTrail trail) = await AskAsync(new RouteSettings("r", Targets("a", "b")), a, b);
        Assert.Equal(("b", "local/b", 1), (said, trail.Answered, a.Asked));
        Assert.Equal(("local/a", kind), Assert.Single(trail.Failed) is var failed ? (failed.Destination, failed.Fault!.Error.Kind) : default);
    }

    [Theory]
    [InlineData(ProviderErrorKind.BadRequest)]
    [InlineData(ProviderErrorKind.ContentFilter)]
    public async Task What_would_be_wrong_elsewhere_too_is_not_asked_elsewhere(ProviderErrorKind kind)
    {
        FakeDestination a = new("a", Failure(kind)), b = new("b");
        RouteException fault =
            await Assert.ThrowsAsync<RouteException>(() => AskAsync(new RouteSettings("r", Targets("a", "b")), a, b));
        Assert.Equal((kind, 0), (fault.Last!.Error.Kind, b.Asked));
    }

    [Fact]
    public async Task What_may_go_well_later_is_tried_again_before_the_next()
    {
        FakeDestination a = new("a", Failure(ProviderErrorKind.Server, retryable: true)), b = new("b");
        (string said, _) = await AskAsync(new RouteSettings("r", Targets("a", "b")), a, b);
        Assert.Equal(("a", 2, 0), (said, a.Asked, b.Asked));
    }

    [Fact]
    public async Task Who_asks_to_be_left_alone_for_long_is_while_another_can_answer()
    {
        FakeDestination a = new("a", Failure(ProviderErrorKind.Throttled, retryable: true, retryAfter: 20)), b = new("b");
        (string said, _) = await AskAsync(new RouteSettings("r", Targets("a", "b")), a, b);
        Assert.Equal(("b", 1), (said, a.Asked));
    }

    [Fact]
    public async Task Nobody_is_asked_more_often_than_the_route_says_and_the_last_reason_is_told_with_all()
    {
        FakeDestination a = new("a", Failure(ProviderErrorKind.Server, retryable: true)) { NeverAnswers = true };
        FakeDestination b = new("b", Failure(ProviderErrorKind.Overloaded, retryAfter: 7));
        RouteException fault = await Assert.ThrowsAsync<RouteException>(
            () => AskAsync(new RouteSettings("r", Targets("a", "b")) { Retries = 1 }, a, b));
        Assert.Equal((2, 1), (a.Asked, b.Asked));
        Assert.Equal((ProviderErrorKind.Overloaded, TimeSpan.FromSeconds(7)), (fault.Last!.Error.Kind, fault.Last.Error.RetryAfter));
        Assert.Equal("Nobody of 'r' answered. local/a: It is Server. local/b: It is Overloaded.", fault.Message);
    }

    [Fact]
    public async Task What_is_wrong_with_the_request_itself_is_told_as_it_was_found()
    {
        OptionException wrong = new(OptionFault.Of(FaultKind.OutOfRange, "temperature", "is too high."));
        Router router = RouterOf([new RouteSettings("r", Targets("a"))], new FakeDestination("a"));
        RouteException fault = await Assert.ThrowsAsync<RouteException>(
            () => router.OpenAsync("r", new RouteRequest(() => Task.FromException<RouteCall>(wrong)), Stop));
        Assert.Same(wrong, fault.Last!.InnerException);
        Assert.Equal(ProviderErrorKind.BadRequest, fault.Last.Error.Kind);
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_not_asked_elsewhere()
    {
        ProviderException cut = new(Failure(ProviderErrorKind.Cut));
        FakeDestination a = new("a") { Breaks = cut }, b = new("b");
        Assert.Same(cut, await Assert.ThrowsAsync<ProviderException>(() => AskAsync(new RouteSettings("r", Targets("a", "b")), a, b)));
        Assert.Equal(0, b.Asked);
    }

    [Fact]
    public async Task A_deadline_holds_over_all_attempts()
    {
        FakeDestination a = new("a") { Pause = TimeSpan.FromMinutes(1) }, b = new("b");
        RouteException fault = await Assert.ThrowsAsync<RouteException>(
            () => AskAsync(new RouteSettings("r", Targets("a", "b")) { Deadline = TimeSpan.FromMilliseconds(50) }, a, b));
        Assert.Equal((ProviderErrorKind.Timeout, 0), (fault.Last!.Error.Kind, b.Asked));
        Assert.Contains("0.05 s", fault.Message);
    }

    [Fact]
    public async Task Who_leaves_ends_the_attempt_and_no_other_begins()
    {
        using CancellationTokenSource left = new(TimeSpan.FromMilliseconds(50));
        FakeDestination a = new("a") { Pause = TimeSpan.FromMinutes(1) }, b = new("b");
        Router router = RouterOf([new RouteSettings("r", Targets("a", "b"))], a, b);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => router.OpenAsync("r", Request, left.Token));
        Assert.Equal(0, b.Asked);
    }

    [Fact]
    public async Task Weights_say_how_often_each_comes_first()
    {
        RouteSettings route = new("r", [Target("a") with { Weight = 3 }, Target("b")]) { IsWeighted = true };
        FakeDestination a = new("a"), b = new("b");
        Queue<double> draws = new([0.0, 0, 0.5, 0, 0.74, 0, 0.76, 0]);
        Router router = RouterOf([route], draws.Dequeue, a, b);
        for (int i = 0; i < 4; i++)
            await SaidAsync((await router.OpenAsync("r", Request, Stop)).Reply);

        Assert.Equal((3, 1), (a.Asked, b.Asked));
    }

    [Fact]
    public async Task Who_fails_again_and_again_is_left_alone_for_a_while()
    {
        ManualClock clock = new();
        FakeDestination a = new("a", Failure(ProviderErrorKind.Overloaded)) { NeverAnswers = true }, b = new("b");
        Router router = RouterOf([new RouteSettings("r", Targets("a", "b"))], () => 0, clock, a, b);
        for (int i = 0; i < 8; i++)
            Assert.Equal("b", await SaidAsync((await router.OpenAsync("r", Request, Stop)).Reply));

        int asked = a.Asked;
        Assert.InRange(asked, 4, 7);
        clock.Advance(TimeSpan.FromSeconds(11));
        await SaidAsync((await router.OpenAsync("r", Request, Stop)).Reply);
        Assert.Equal(asked + 1, a.Asked);
    }

    [Fact]
    public async Task Who_is_throttled_is_asked_again_by_the_next_request()
    {
        FakeDestination a = new("a", Failure(ProviderErrorKind.Throttled)) { NeverAnswers = true }, b = new("b");
        Router router = RouterOf([new RouteSettings("r", Targets("a", "b"))], a, b);
        for (int i = 0; i < 8; i++)
            Assert.Equal("b", await SaidAsync((await router.OpenAsync("r", Request, Stop)).Reply));

        Assert.Equal(8, a.Asked);
    }

    [Fact]
    public async Task A_name_of_a_model_goes_straight_there()
    {
        Router router = RouterOf([], new FakeDestination("a"));
        Assert.True(router.Knows("local/a"));
        Assert.False(router.Knows("acme/a"));
        Assert.False(router.Knows("a"));
        Assert.Equal("a", await SaidAsync((await router.OpenAsync("local/a", Request, Stop)).Reply));
    }

    [Fact]
    public async Task Data_of_a_class_goes_only_where_it_may_and_the_request_fails_where_nobody_may_answer()
    {
        FakeDestination cloud = new("cloud") { Classes = ["eu"] }, own = new("own", Failure(ProviderErrorKind.Overloaded));
        RouteSettings route = new("r", Targets("cloud", "own")) { DataClass = "private" };
        RouteException fault = await Assert.ThrowsAsync<RouteException>(() => AskAsync(route, cloud, own));
        Assert.Equal((0, 1), (cloud.Asked, own.Asked));
        Assert.Contains("local/cloud may not be sent data of the class 'private'", fault.Message);

        RouteException nobody = await Assert.ThrowsAsync<RouteException>(
            () => AskAsync(new RouteSettings("r", Targets("cloud")) { DataClass = "private" }, cloud));
        Assert.Equal((null, 0), (nobody.Last, cloud.Asked));
    }

    private static async Task<(string Said, RouteTrail Trail)> AskAsync(RouteSettings route, params FakeDestination[] all)
    {
        (RouteReply reply, RouteTrail trail) = await RouterOf([route], all).OpenAsync("r", Request, Stop);
        return (await SaidAsync(reply), trail);
    }

    private static async Task<string> SaidAsync(RouteReply reply)
    {
        await using (reply)
        {
            string said = "";
            await foreach (ChatResponseUpdate update in Assert.IsType<NeutralReply>(reply).Choices.Single())
                said += update.Text;

            return said;
        }
    }

    private static Router RouterOf(IReadOnlyList<RouteSettings> routes, params FakeDestination[] all) => RouterOf(routes, () => 0, all);

    private static Router RouterOf(IReadOnlyList<RouteSettings> routes, Func<double> draw, params FakeDestination[] all) =>
        RouterOf(routes, draw, TimeProvider.System, all);

    private static Router RouterOf(
        IReadOnlyList<RouteSettings> routes, Func<double> draw, TimeProvider time, params FakeDestination[] all) => new(
            new DestinationSet(
                new GatewaySettings { Routes = routes }, name => all.Single(fake => fake.Name == $"local/{name}"), time),
            routes,
            time,
            draw);

    private static RouteTarget Target(string name) => new(RouteTarget.Local, name);

    private static RouteTarget[] Targets(params string[] names) => [.. names.Select(Target)];
}
