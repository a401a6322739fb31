using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Routing;

namespace QwenSharp.Gateway.Tests.Routing;

/// <summary>Whatever is configured and whatever fails, data of a class goes nowhere where the class may not be.</summary>
public class DataClassTests
{
    private static readonly string[] Classes = ["private", "eu", "public"];

    [Fact]
    public void No_configuration_and_no_failure_lets_data_leave() => Check.QuickThrowOnFailure(Prop.ForAll(
        Worlds().ToArbitrary(),
        world => HoldsAsync(world).GetAwaiter().GetResult()));

    private static async Task<bool> HoldsAsync(World world)
    {
        FakeDestination[] all = [.. world.Places.Select((place, number) => new FakeDestination($"{number}", place.Failures)
        {
            Classes = place.Classes,
            NeverAnswers = place.NeverAnswers,
        })];
        RouteSettings route = new("r", [.. all.Select((_, number) => new RouteTarget(RouteTarget.Local, $"{number}"))])
        {
            DataClass = world.DataClass,
            IsWeighted = world.IsWeighted,
            Retries = world.Retries,
        };
        using DestinationSet destinations = new(
            new GatewaySettings { Routes = [route] },
            name => all[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)],
            TimeProvider.System);
        Random random = new(world.Seed);
        Router router = new(destinations, [route], TimeProvider.System, random.NextDouble);
        string? answered = null;
        for (int request = 0; request < 3; request++)
        {
            try
            {
                RouteRequest asked = new(() => Task.FromResult(new RouteCall([new ChatMessage(ChatRole.User, "secret")], new ChatOptions())));
                (RouteReply reply, RouteTrail trail) = await router.OpenAsync("r", asked, CancellationToken.None);
                answered = trail.Answered;
                await reply.DisposeAsync();
            }
            catch (RouteException)
            {
            }
        }

        return Array.TrueForAll(all, place => place.Asked == 0 || place.Admits(world.DataClass))
            && (answered is null || all.Single(place => place.Name == answered).Admits(world.DataClass));
    }

    private static Gen<World> Worlds() =>
        from dataClass in Gen.Elements(Classes)
        from places in Places().NonEmptyListOf()
        from isWeighted in Gen.Elements(true, false)
        from retries in Gen.Choose(0, 1)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select new World(dataClass, [.. places.Take(5)], isWeighted, retries, seed);

    private static Gen<Place> Places() =>
        from classes in Gen.SubListOf(Classes)
        from kinds in Gen.Elements(Enum.GetValues<ProviderErrorKind>()).ListOf()
        from never in Gen.Elements(true, false)
        select new Place([.. classes], [.. kinds.Take(3).Select(kind => FakeDestination.Failure(kind))], never && kinds.Any());

    private sealed record World(string DataClass, Place[] Places, bool IsWeighted, int Retries, int Seed);

    private sealed record Place(string[] Classes, ProviderError[] Failures, bool NeverAnswers);
}
